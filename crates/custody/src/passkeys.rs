//! Passkeys: the library's part of enrolling, signing in and stepping up.

use crate::{CustodyError, Settings};
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder};

/// The relying party of this house.
pub(crate) struct Passkeys {
    pub(crate) webauthn: Webauthn,
}

impl Passkeys {
    /// From the public address: its host is the relying party, its origin the only one taken.
    ///
    /// # Errors
    /// When the address cannot be one: an IP address cannot be a passkey's origin.
    pub(crate) fn new(settings: &Settings) -> Result<Self, CustodyError> {
        let url = &settings.public_url;
        let host = url
            .domain()
            .ok_or_else(|| CustodyError::Broken("public_url needs a host name; an IP address cannot be a passkey's origin".to_owned()))?;
        let webauthn = WebauthnBuilder::new(host, url)
            .and_then(|builder| builder.rp_name(&settings.operator).build())
            .map_err(|error| CustodyError::Broken(format!("public_url cannot be a passkey's origin: {error}")))?;
        Ok(Self { webauthn })
    }
}
