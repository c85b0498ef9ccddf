// A virtual authenticator: a passkey in the device, whose owner always touches it, unless told otherwise.

const OPTIONS = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

/** Gives `page` an authenticator of its own; passkeys made on it live as long as the page. */
export async function addAuthenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  let { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: OPTIONS });
  return {
    /** From now on another device is at hand, empty; the first one is put away with its passkeys. */
    async anotherDevice() {
      await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      ({ authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: OPTIONS }));
    },
    /** How many passkeys it holds. */
    async count() {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials.length;
    },
    /** The passkeys themselves, to carry them to another page of the same person. */
    async credentials() {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials;
    },
    /** Puts a passkey in that was made on another page. */
    async carry(credential) {
      await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
    },
    /** From now on the person at the device is not who they should be: verification fails. */
    async refuseVerification() {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    },
    /** It is them again. */
    async acceptVerification() {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    },
    /** Takes the authenticator away, as when the device is lost. */
    async remove() {
      await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
      await cdp.detach();
    },
  };
}
