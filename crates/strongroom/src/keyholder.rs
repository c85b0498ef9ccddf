//! The keyholder: a service outside that wraps the root key, so that no file of this machine opens anything by itself
//! (docs/operating/keys.md). OpenBao's or Vault's transit engine, or AWS KMS.
//!
//! What must always hold: the root key is asked for once, at the start, and let go of as one from a file is; what the
//! keyholder gave is wiped; when it does not answer, or answers with anything else, nothing is opened and one sentence
//! says so; no error repeats what it said, nor a token or a key.
//!
//! What it refuses to know: what the root key is for.

mod aws;
mod sigv4;
mod transit;
mod web;

use crate::outcome::WrongUse;
use custody::RootKey;
use serde::Deserialize;
use std::future::Future;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// To what the wrapped key is bound at the keyholder, beside its own key: it is no other thing's ciphertext.
const BOUND_TO: &str = "strongroom root key";
/// Begins the file with a wrapped key.
const FORM: &str = "strongroom-held-1";
/// No wrapped key is longer, bytes.
const HELD_BYTES_MAX: u64 = 16 * 1024;

/// `[root_key]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldAt {
    /// `transit` or `aws-kms`.
    keyholder: String,
    /// The wrapped root key, as `strongroom key hold` wrote it. No secret.
    held_file: PathBuf,
    /// The key at the keyholder: its name, or its id, ARN or alias.
    key: String,
    /// Where the keyholder is: `https://host:port`; needed for transit.
    address: Option<String>,
    /// The authority that signed its certificate, PEM; the public ones when none is named.
    ca_file: Option<PathBuf>,
    /// What proves this server: transit's token; for KMS an access key's id, its secret and perhaps a session's token, a
    /// line each.
    credentials_file: PathBuf,
    /// Transit: where the engine is mounted.
    mount: Option<String>,
    /// KMS: the region.
    region: Option<String>,
}

/// The keyholder did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyholderError {
    /// It could not be asked.
    #[error("the keyholder at {0} does not answer: {1}")]
    Unreached(String, &'static str),
    /// It said no.
    #[error("the keyholder at {0} refuses: it answered {1}")]
    Refused(String, u16),
    /// It said something else.
    #[error("the keyholder at {0} answered with something else than a key")]
    Answer(String),
    /// The file is not one of `strongroom key hold`, or for another keyholder.
    #[error("{0} holds no root key that {1} has wrapped")]
    File(PathBuf, &'static str),
}

/// Wraps and unwraps. What is wrapped is the root key's line, as its file would have it.
trait Keyholder {
    /// Its name in the file.
    const NAME: &'static str;
    fn wrap(&self, line: &Zeroizing<String>) -> impl Future<Output = Result<String, KeyholderError>> + Send;
    fn unwrap_line(&self, held: &str) -> impl Future<Output = Result<Zeroizing<Vec<u8>>, KeyholderError>> + Send;
}

enum Known {
    Transit(transit::Transit),
    Aws(aws::Kms),
}

impl HeldAt {
    fn keyholder(&self) -> anyhow::Result<Known> {
        match self.keyholder.as_str() {
            "transit" => transit::Transit::of(self).map(Known::Transit),
            "aws-kms" => aws::Kms::of(self).map(Known::Aws),
            _ => Err(wrong("keyholder of [root_key] is transit or aws-kms")),
        }
    }

    /// What can be said of it without asking anybody.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.keyholder().map(drop)
    }

    /// The root key, unwrapped.
    pub(crate) async fn root_key(&self) -> anyhow::Result<RootKey> {
        match self.keyholder()? {
            Known::Transit(one) => self.unwrapped_by(&one).await,
            Known::Aws(one) => self.unwrapped_by(&one).await,
        }
    }

    /// Has the keyholder wrap this root key into the file, and looks whether it gives the same back.
    pub(crate) async fn hold(&self, root: &RootKey) -> anyhow::Result<()> {
        let held = match self.keyholder()? {
            Known::Transit(one) => wrapped_by(&one, root).await,
            Known::Aws(one) => wrapped_by(&one, root).await,
        }?;
        crate::commands::write_private(&self.held_file, held.as_bytes())?;
        // If we die here: the file is there and was not tried; the next start tries it, and the safes have the key.
        let same = self.root_key().await.is_ok_and(|given| given.name() == root.name());
        if !same {
            drop(std::fs::remove_file(&self.held_file));
            return Err(KeyholderError::Answer(self.keyholder.clone()).into());
        }
        Ok(())
    }

    /// Which keyholder.
    pub(crate) fn name(&self) -> &str {
        &self.keyholder
    }

    /// Where the wrapped key lies.
    pub(crate) fn held_file(&self) -> &Path {
        &self.held_file
    }

    async fn unwrapped_by<K: Keyholder>(&self, keyholder: &K) -> anyhow::Result<RootKey> {
        let not_ours = || KeyholderError::File(self.held_file.clone(), K::NAME);
        let text = read(&self.held_file, "held_file of [root_key]")?;
        let mut words = text.split_ascii_whitespace();
        let (form, name, held) = (words.next(), words.next(), words.next());
        let Some(held) = held.filter(|_| form == Some(FORM) && name == Some(K::NAME) && words.next().is_none()) else {
            return Err(not_ours().into());
        };
        let line = keyholder.unwrap_line(held).await?;
        Ok(RootKey::from_file_bytes(&line)?)
    }

    fn public(&self, file: &Option<PathBuf>) -> anyhow::Result<Option<Vec<u8>>> {
        file.as_ref().map(|file| Ok(read(file, "ca_file of [root_key]")?.as_bytes().to_vec())).transpose()
    }

    /// The lines of the file that proves this server.
    fn credentials(&self) -> anyhow::Result<Zeroizing<String>> {
        let text = read(&self.credentials_file, "credentials_file of [root_key]")?;
        // They go into headers: whatever else were in them would be another header.
        if text.lines().any(|line| line.trim().is_empty() || !line.trim().bytes().all(|one| one.is_ascii_graphic())) {
            return Err(wrong("credentials_file of [root_key] holds other signs than a token or key has"));
        }
        Ok(text)
    }
}

async fn wrapped_by<K: Keyholder>(keyholder: &K, root: &RootKey) -> anyhow::Result<String> {
    let held = keyholder.wrap(&root.to_file_line()).await?;
    Ok(format!("{FORM} {} {held}\n", K::NAME))
}

fn wrong(say: &str) -> anyhow::Error {
    WrongUse(say.to_owned()).into()
}

fn read(file: &Path, what: &str) -> anyhow::Result<Zeroizing<String>> {
    use std::io::Read as _;
    let unread = |error: std::io::Error| WrongUse(format!("cannot read {what}: {}", error.kind()));
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(file).map_err(unread)?.take(HELD_BYTES_MAX * 16).read_to_string(&mut text).map_err(unread)?;
    Ok(text)
}

/// A name that stands in a path or a header of ours.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 256
        && name.bytes().all(|one| one.is_ascii_alphanumeric() || b"-_.:/".contains(&one))
        && !name.split('/').any(|part| part.is_empty() || part == "." || part == "..")
}

#[cfg(test)]
mod tests;
