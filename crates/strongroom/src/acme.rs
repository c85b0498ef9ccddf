//! `[acme]` of the configuration: where certificates are ordered, instead of `[tls]` with files of one's own.

use crate::config::{Config, secret_in};
use crate::outcome::WrongUse;
use portal::acme::AcmeOptions;
use portal::door::PublicUrl;
use portal::serve::ServedBy;
use serde::Deserialize;
use std::path::PathBuf;
use url::Url;

/// `[acme]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acme {
    /// The authority's directory.
    directory: String,
    /// The authority's terms have been read and are agreed to.
    #[serde(default)]
    agree_to_terms: bool,
    /// Whom the authority may write to: a `mailto:` address.
    contact: Option<String>,
    /// The authorities that vouch for the directory's own certificate, PEM, in place of the public ones.
    ca_file: Option<PathBuf>,
    /// The id of an account that the authority has for us already.
    eab_key_id: Option<String>,
    /// A file with that account's key, as the authority gave it (base64url).
    eab_key_file: Option<PathBuf>,
}

fn wrong(say: &str) -> anyhow::Error {
    WrongUse(say.to_owned()).into()
}

impl Acme {
    /// What can be said of it without asking anybody.
    fn check(&self, public_url: &PublicUrl) -> anyhow::Result<()> {
        let directory = Url::parse(&self.directory).ok();
        let is_plain = |url: &Url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        if !directory.as_ref().is_some_and(is_plain) {
            return Err(wrong("directory of [acme] is an https:// address"));
        }
        if !self.agree_to_terms {
            return Err(wrong("read the terms of the authority, then set agree_to_terms = true in [acme]"));
        }
        let is_address = |one: &str| one.starts_with("mailto:") && one.contains('@') && !one.contains(char::is_control);
        if !self.contact.as_deref().is_none_or(is_address) {
            return Err(wrong("contact of [acme] is a mailto: address"));
        }
        if self.eab_key_id.is_some() != self.eab_key_file.is_some() {
            return Err(wrong("eab_key_id and eab_key_file of [acme] belong together"));
        }
        if let Some(file) = &self.eab_key_file {
            secret_in(file)?;
        }
        if !public_url.is_https() {
            return Err(wrong("[acme] needs a public_url that begins with https://"));
        }
        if !public_url.host().contains('.') || public_url.host().ends_with(".localhost") {
            return Err(wrong("[acme] needs a public_url with a name that others can look up"));
        }
        Ok(())
    }
}

impl Config {
    /// By which certificate people are served.
    pub(crate) fn served_by(&self) -> anyhow::Result<Option<ServedBy>> {
        match (&self.tls, &self.acme) {
            (Some(_), Some(_)) => Err(wrong("give [tls] or [acme], not both")),
            (Some(tls), None) => Ok(Some(ServedBy::Files(tls.certificate_file.clone(), tls.key_file.clone()))),
            (None, Some(acme)) => {
                let public_url = PublicUrl::parse(&self.public_url).map_err(|error| WrongUse(error.to_string()))?;
                acme.check(&public_url)?;
                Ok(Some(ServedBy::Acme(AcmeOptions {
                    directory: acme.directory.clone(),
                    contact: acme.contact.iter().cloned().collect(),
                    ca_file: acme.ca_file.clone(),
                    binding: acme.eab_key_id.clone().zip(acme.eab_key_file.clone()),
                    dir: self.dir.clone(),
                    names: portal::acme::names(&public_url, &self.extra_hosts),
                })))
            }
            (None, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use portal::serve::ServedBy;

    const GOOD: &str =
        "dir = \"/srv/strongroom\"\noperator = \"Prairie\"\npublic_url = \"https://portal.example.org\"\n";
    const ACME: &str = "[acme]\ndirectory = \"https://acme.example/dir\"\nagree_to_terms = true\n";

    fn checked(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn certificates_are_ordered_for_the_public_host_and_for_names_of_the_network_besides() {
        let hosts = "listen = \"0.0.0.0:443\"\n\
                     extra_hosts = [\"Www.example.org:443\", \"127.0.0.1:443\", \"node1\", \"[::1]:443\", \"portal.example.org\"]\n";
        let config = checked(&format!("{GOOD}{hosts}{ACME}")).unwrap();
        let Some(ServedBy::Acme(options)) = config.served_by().unwrap() else { panic!("no order") };
        assert_eq!(options.names, ["portal.example.org", "www.example.org"]);
    }

    #[test]
    fn a_key_that_binds_an_account_and_is_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::env::temp_dir().join(format!("strongroom-eab-{}", std::process::id()));
        std::fs::write(&file, "c2VjcmV0\n").unwrap();
        let config = format!("{GOOD}{ACME}eab_key_id = \"kid\"\neab_key_file = {file:?}\n");
        for (mode, is_good) in [(0o644, false), (0o640, false), (0o604, false), (0o600, true), (0o400, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let said = checked(&config);
            assert_eq!(said.is_ok(), is_good, "{mode:o}");
            assert!(said.err().is_none_or(|said| said.contains("open to others")));
        }
        std::fs::remove_file(&file).unwrap();
        assert!(checked(&config).unwrap_err().contains("cannot read"));
    }

    #[test]
    fn what_could_not_be_ordered_is_refused_before_anybody_is_asked() {
        let plain = GOOD.replace("https://portal.example.org", "http://localhost:8080");
        let near = GOOD.replace("portal.example.org", "localhost");
        for (bad, why) in [
            (format!("{GOOD}{ACME}[tls]\ncertificate_file = \"a\"\nkey_file = \"b\"\n"), "not both"),
            (format!("{GOOD}{}", ACME.replace("https://acme", "http://acme")), "https://"),
            (format!("{GOOD}{}", ACME.replace("true", "false")), "agree_to_terms"),
            (format!("{GOOD}{ACME}contact = \"ops@example.org\"\n"), "mailto:"),
            (format!("{GOOD}{ACME}eab_key_id = \"kid\"\n"), "belong together"),
            (format!("{plain}{ACME}"), "https://"),
            (format!("{near}{ACME}"), "look up"),
            (format!("{GOOD}{ACME}token = \"x\"\n"), "unknown field"),
        ] {
            let said = checked(&bad).map(drop).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
        }
    }
}
