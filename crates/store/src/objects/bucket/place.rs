//! Which bucket, where its server is, and who we are there.
//!
//! What must always hold: no credentials in an address, a message or a log; plain HTTP to this machine only; a file with
//! credentials is readable by its owner alone.

use super::wire::Patience;
use crate::StoreError;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use std::path::{Path, PathBuf};
use url::Url;
use zeroize::Zeroizing;

/// What is said about a bucket besides its name.
#[derive(Debug, Clone, Default)]
pub struct BucketOptions {
    /// The server, `https://host:port`; AWS itself where none is named. `http://` for a loopback address only.
    pub endpoint: Option<String>,
    /// The region; `us-east-1` where none is named.
    pub region: Option<String>,
    /// A file with the credentials, as AWS' own tools have it: `aws_access_key_id = …`, `aws_secret_access_key = …`,
    /// perhaps `aws_session_token = …`. Without it the standard variables of the environment say them.
    pub key_file: Option<PathBuf>,
    /// The certificate authorities that vouch for the server (PEM), in place of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// A bucket and how it is reached.
#[derive(Clone)]
pub struct BucketPlace {
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) endpoint: Url,
    pub(super) region: String,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) patience: Patience,
    key_file: Option<PathBuf>,
}

impl std::fmt::Display for BucketPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}", self.name)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

impl std::fmt::Debug for BucketPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BucketPlace({self})")
    }
}

fn wrong(why: &str) -> StoreError {
    StoreError::Server(why.to_owned())
}

/// Is this a place that no network lies before.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address that carries nothing but scheme, host, port and path.
fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none()
}

/// Bucket names as S3 has them.
fn is_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && !name.contains("..")
}

fn is_prefix(prefix: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    prefix.is_empty() || (prefix.len() <= 512 && prefix.split('/').all(fits))
}

impl BucketPlace {
    /// Reads `s3://bucket/prefix` and what is said besides.
    ///
    /// # Errors
    /// [`StoreError::Server`] when it is no such address, or one that holds credentials, or the server is on another
    /// machine and spoken to without TLS.
    pub fn parse(url: &str, options: &BucketOptions) -> Result<Self, StoreError> {
        // No message repeats what was typed: it may hold what it must not.
        let bad = || wrong("a bucket is named by s3://name or s3://name/prefix");
        if !url.starts_with("s3://") {
            return Err(bad());
        }
        let parsed = Url::parse(url).map_err(|_| bad())?;
        if !is_plain(&parsed) || parsed.port().is_some() {
            return Err(wrong("the address of a bucket holds its name and a prefix, and no credentials or options"));
        }
        let name = parsed.host_str().unwrap_or_default().to_owned();
        let prefix = parsed.path().trim_matches('/').to_owned();
        if !is_bucket_name(&name) || !is_prefix(&prefix) {
            return Err(bad());
        }
        let region = options.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
        if region.is_empty()
            || !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            return Err(wrong("a region is named by small letters, digits and hyphens"));
        }
        let endpoint = match &options.endpoint {
            Some(endpoint) => {
                Url::parse(endpoint).map_err(|_| wrong("the server of the bucket is named by https://host"))?
            }
            None => Url::parse(&format!("https://s3.{region}.amazonaws.com")).map_err(|_| bad())?,
        };
        if !is_plain(&endpoint) || endpoint.path() != "/" {
            return Err(wrong("the address of the bucket's server holds a host and a port, and nothing else"));
        }
        if endpoint.scheme() != "https" && !(endpoint.scheme() == "http" && is_here(&endpoint)) {
            return Err(wrong("a bucket on another machine is reached by https only"));
        }
        let (key_file, ca_file) = (options.key_file.clone(), options.ca_file.clone());
        Ok(Self { name, prefix, endpoint, region, ca_file, patience: Patience::default(), key_file })
    }

    /// Holds that the file with credentials does not lie in the data folder, whose thief would have the bucket as well.
    ///
    /// # Errors
    /// [`StoreError::Server`] when it does.
    pub fn apart_from(&self, dir: &Path) -> Result<(), StoreError> {
        let Some(file) = &self.key_file else { return Ok(()) };
        let (Ok(file), Ok(dir)) = (file.canonicalize(), dir.canonicalize()) else { return Ok(()) };
        if file.starts_with(dir) {
            return Err(wrong("the file with the bucket's credentials lies in the data folder; move it elsewhere"));
        }
        Ok(())
    }

    /// The same with little patience, for tests.
    #[cfg(test)]
    pub(crate) fn hasty(mut self) -> Self {
        let (short, all) = (std::time::Duration::from_millis(400), std::time::Duration::from_secs(3));
        // A part of eight megabytes takes its time where the code is not optimised and machines are shared.
        self.patience = Patience { connect: short, answer: std::time::Duration::from_secs(2), piece: short, all };
        self
    }

    /// Is the server spoken to without TLS, on this machine.
    pub(super) fn is_plain_http(&self) -> bool {
        self.endpoint.scheme() == "http"
    }

    /// The address under which the objects lie, without a slash at the end.
    pub(super) fn base(&self) -> String {
        format!("{}/{}", self.endpoint.as_str().trim_end_matches('/'), self.name)
    }

    /// Who we are: from the file, or from the standard variables (a key, or a token of a web identity and its role).
    pub(super) fn introduced(&self, builder: AmazonS3Builder) -> Result<AmazonS3Builder, StoreError> {
        if let Some(file) = &self.key_file {
            let keys = Keys::read(file)?;
            return Ok(keys.into_builder(builder));
        }
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let (Some(id), Some(secret)) = (said("AWS_ACCESS_KEY_ID"), said("AWS_SECRET_ACCESS_KEY")) {
            let keys =
                Keys { id, secret: Zeroizing::new(secret), token: said("AWS_SESSION_TOKEN").map(Zeroizing::new) };
            return Ok(keys.into_builder(builder));
        }
        if let (Some(token_file), Some(role)) = (said("AWS_WEB_IDENTITY_TOKEN_FILE"), said("AWS_ROLE_ARN")) {
            return Ok(builder
                .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token_file)
                .with_config(AmazonS3ConfigKey::RoleArn, role));
        }
        Err(wrong(
            "there are no credentials for the bucket: name objects_key_file, or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN",
        ))
    }
}

/// A key as AWS' own tools write it down.
struct Keys {
    id: String,
    secret: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
}

impl Keys {
    fn read(file: &Path) -> Result<Self, StoreError> {
        use std::os::unix::fs::PermissionsExt as _;
        let unread = |_| wrong("the file with the bucket's credentials cannot be read");
        if std::fs::metadata(file).map_err(unread)?.permissions().mode() & 0o077 != 0 {
            return Err(wrong("the file with the bucket's credentials is open to others; close it first: chmod 600"));
        }
        Self::parse(&Zeroizing::new(std::fs::read_to_string(file).map_err(unread)?))
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let form = || {
            wrong(
                "the file with the bucket's credentials holds aws_access_key_id = … and aws_secret_access_key = …, once each",
            )
        };
        let (mut id, mut secret, mut token) = (None, None, None);
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', ';', '[']) {
                continue;
            }
            let (name, value) = line.split_once('=').ok_or_else(form)?;
            let place = match name.trim() {
                "aws_access_key_id" => &mut id,
                "aws_secret_access_key" => &mut secret,
                "aws_session_token" => &mut token,
                _ => continue,
            };
            // Two profiles in one file: which one is meant cannot be told.
            if value.trim().is_empty() || place.replace(Zeroizing::new(value.trim().to_owned())).is_some() {
                return Err(form());
            }
        }
        let id = id.ok_or_else(form)?.to_string();
        Ok(Self { id, secret: secret.ok_or_else(form)?, token })
    }

    fn into_builder(self, builder: AmazonS3Builder) -> AmazonS3Builder {
        let builder = builder.with_access_key_id(self.id).with_secret_access_key(self.secret.as_str());
        match self.token {
            Some(token) => builder.with_token(token.as_str()),
            None => builder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BucketOptions, BucketPlace, Keys};

    fn parse(url: &str) -> Result<BucketPlace, crate::StoreError> {
        BucketPlace::parse(url, &BucketOptions::default())
    }
    fn at(endpoint: &str) -> Result<BucketPlace, crate::StoreError> {
        let options = BucketOptions { endpoint: Some(endpoint.to_owned()), ..BucketOptions::default() };
        BucketPlace::parse("s3://records/house", &options)
    }

    #[test]
    fn a_bucket_is_named_by_its_name_and_a_prefix_and_nothing_else() {
        assert_eq!(parse("s3://records").unwrap().to_string(), "s3://records");
        assert_eq!(parse("s3://records/a/b-c.d/").unwrap().to_string(), "s3://records/a/b-c.d");
        for bad in [
            "",
            "records",
            "https://records",
            "s3://",
            "s3://ab",
            "s3://Records",
            "s3://records:9000",
            "s3://a..b/x",
            "s3://records/a//b",
            "s3://records/a%20b",
            "s3://-records",
            "s3://records/{x}",
            "s3://AKIA:hunter2secret@records/a",
            "s3://AKIA@records",
            "s3://records/a?secret=hunter2secret",
            "s3://records/a#x",
        ] {
            let said = parse(bad).unwrap_err().to_string();
            assert!(!said.contains("hunter2") && !said.contains("AKIA"), "{said}");
        }
        let options = BucketOptions { region: Some("eu/../x".to_owned()), ..BucketOptions::default() };
        assert!(BucketPlace::parse("s3://records", &options).is_err());
    }

    #[test]
    fn a_server_on_another_machine_is_reached_by_https_only() {
        for good in [
            "https://s3.example.org",
            "https://10.0.0.5:9000/",
            "http://localhost:9000",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
        ] {
            assert!(at(good).is_ok(), "{good}");
        }
        for bad in [
            "http://s3.example.org",
            "http://10.0.0.5:9000",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "ftp://localhost",
            "https://key:hunter2secret@s3.example.org",
            "https://s3.example.org/bucket",
            "https://s3.example.org/?x=hunter2secret",
            "s3.example.org",
        ] {
            assert!(!at(bad).unwrap_err().to_string().contains("hunter2"), "{bad}");
        }
    }

    #[test]
    fn a_file_of_credentials_says_each_once_and_no_message_repeats_it() {
        let keys = Keys::parse(
            "[default]\naws_access_key_id = AKIA1\n# a comment\naws_secret_access_key=abc/+=\nregion = x\n",
        )
        .unwrap();
        assert_eq!((keys.id.as_str(), keys.secret.as_str()), ("AKIA1", "abc/+="));
        for bad in [
            "",
            "aws_access_key_id = AKIA1\n",
            "aws_access_key_id = AKIA1\naws_secret_access_key =\n",
            "hunter2\n",
            "aws_access_key_id = AKIA1\naws_secret_access_key = hunter2\n[other]\naws_secret_access_key = hunter2b\n",
        ] {
            let said = Keys::parse(bad).err().unwrap().to_string();
            assert!(!said.contains("hunter2") && !said.contains("AKIA1"), "{said}");
        }
    }

    #[test]
    fn credentials_open_to_others_or_in_the_data_folder_are_refused_and_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = crate::tests::TempDir::new();
        std::fs::create_dir_all(&dir.0).unwrap();
        let file = dir.0.join("keys");
        std::fs::write(&file, "aws_access_key_id = AKIA1\naws_secret_access_key = hunter2\n").unwrap();
        let options = BucketOptions { key_file: Some(file.clone()), ..BucketOptions::default() };
        let place = BucketPlace::parse("s3://records", &options).unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        assert!(crate::Objects::bucket(&place).unwrap_err().to_string().contains("open to others"));
        mode(0o600);
        let objects = crate::Objects::bucket(&place).unwrap();
        for shown in [format!("{objects:?}"), format!("{place:?}"), place.to_string()] {
            assert!(!shown.contains("hunter2") && !shown.contains("AKIA1"), "{shown}");
        }
        assert!(place.apart_from(&dir.0).is_err());
        assert!(place.apart_from(&std::env::temp_dir().join("elsewhere")).is_ok());
    }
}
