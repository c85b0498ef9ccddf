//! The configuration: one TOML file, unknown fields refused, secrets only as `*_file`, safe defaults.

use crate::acme::Acme;
use crate::keyholder::HeldAt;
use crate::outcome::WrongUse;
use anyhow::Context as _;
use custody::{BackupPlan, BucketOptions, BucketPlace, FeedFormat, FeedPlan, FeedSink, Server, Settings, WitnessSink};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use url::Url;
use zeroize::Zeroizing;

/// The file `strongroom.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The data folder.
    pub(crate) dir: PathBuf,
    /// The database on a server, `postgres://role@host/name`; without it the data folder has its own.
    pub(crate) database: Option<String>,
    /// A file with that address, where it holds a password.
    pub(crate) database_file: Option<PathBuf>,
    /// The bucket with the sealed objects, `s3://name/prefix`; without it they lie in the data folder.
    pub(crate) objects: Option<String>,
    /// The server of the bucket, `https://host:port`; AWS where none is named.
    pub(crate) objects_endpoint: Option<String>,
    /// The region of the bucket; us-east-1 where none is named.
    pub(crate) objects_region: Option<String>,
    /// A file with the credentials for the bucket; without it the environment's standard variables say them.
    pub(crate) objects_key_file: Option<PathBuf>,
    /// The certificate authorities that vouch for the bucket's server, in place of the public ones.
    pub(crate) objects_ca_file: Option<PathBuf>,
    /// The operator's own name.
    pub(crate) operator: String,
    /// The address people type: scheme, host, port.
    pub(crate) public_url: String,
    /// Whom a closed door names.
    #[serde(default)]
    pub(crate) telephone: String,
    /// Whom strangers tell of a hole, for /.well-known/security.txt: a `mailto:`, `https:` or `tel:` address.
    pub(crate) security_contact: Option<String>,
    /// A zone of the time zone database.
    #[serde(default = "default_zone")]
    pub(crate) time_zone: String,
    /// The address and port to listen on.
    #[serde(default = "default_listen")]
    pub(crate) listen: SocketAddr,
    /// Certificate and key, PEM.
    pub(crate) tls: Option<Tls>,
    /// Certificates that are ordered, instead.
    pub(crate) acme: Option<Acme>,
    /// Proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Hosts that are ours besides the public one.
    #[serde(default)]
    pub(crate) extra_hosts: Vec<String>,
    /// The root key's file, on another volume than `dir`; without it the passphrase is asked for.
    pub(crate) root_key_file: Option<PathBuf>,
    /// A file with the passphrase (a systemd credential, say).
    pub(crate) passphrase_file: Option<PathBuf>,
    /// A keyholder outside that has the root key wrapped.
    pub(crate) root_key: Option<HeldAt>,
    /// The largest file, bytes.
    #[serde(default = "default_file_bytes")]
    pub(crate) file_bytes_max: u64,
    /// The most one customer may hold, bytes.
    #[serde(default = "default_customer_bytes")]
    pub(crate) customer_bytes_max: u64,
    /// Documents one of the operator's staff may open in an hour.
    #[serde(default = "default_opens")]
    pub(crate) opens_per_hour_max: u64,
    /// A malware scanner that reads the file on standard input.
    pub(crate) scan_command: Option<Vec<String>>,
    /// Is told each alert on its standard input.
    pub(crate) alert_command: Option<Vec<String>>,
    /// Where checkpoints go.
    pub(crate) witness: Option<Witness>,
    /// Calls as traces of OpenTelemetry.
    pub(crate) traces: Option<TracesTo>,
    /// Entries of the ledger as lines for a log collector.
    pub(crate) feed: Option<FeedTo>,
    /// Days after an agreement's end in which nobody's keys are destroyed.
    #[serde(default = "default_retention")]
    pub(crate) retention_days: u32,
    /// Days after a leaving practice has confirmed its export in which nobody's keys are destroyed.
    #[serde(default = "default_retention")]
    pub(crate) leaving_hold_days: u32,
    /// The folder into which the server backs up by itself, with `backup_every_hours`.
    pub(crate) backup_to: Option<PathBuf>,
    /// Hours from one backup to the next.
    pub(crate) backup_every_hours: Option<u32>,
    /// Where the escrow of epoch keys is kept; none where it was last.
    pub(crate) backup_epoch_escrow: Option<PathBuf>,
    /// The probe walks the public address too.
    #[serde(default)]
    pub(crate) probe_public: bool,
}

/// Certificate and key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// Certificate chain, PEM.
    pub(crate) certificate_file: PathBuf,
    /// Private key, PEM.
    pub(crate) key_file: PathBuf,
}

/// Where checkpoints go: a command or a file on another volume.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Witness {
    /// Reads the signed checkpoint on its standard input.
    pub(crate) command: Option<Vec<String>>,
    /// Appended to.
    pub(crate) append_file: Option<PathBuf>,
}

/// A collector of traces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TracesTo {
    /// `http://127.0.0.1:4318`: OTLP over HTTP, on this machine.
    pub(crate) endpoint: String,
}

impl TracesTo {
    /// Its address. Plain http does not leave this machine.
    pub(crate) fn collector(&self) -> anyhow::Result<SocketAddr> {
        let wrong = || WrongUse("endpoint of [traces] is http:// with a loopback address and a port".to_owned());
        let address = self.endpoint.strip_prefix("http://").ok_or_else(wrong)?;
        let address: SocketAddr = address.trim_end_matches('/').parse().map_err(|_| wrong())?;
        if address.ip().is_loopback() { Ok(address) } else { Err(wrong().into()) }
    }
}

/// Entries of the ledger as lines: their form, and a command or a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedTo {
    /// `ocsf`, `syslog` or `json`.
    pub(crate) format: String,
    /// Reads lines on its standard input.
    pub(crate) command: Option<Vec<String>>,
    /// Appended to.
    pub(crate) append_file: Option<PathBuf>,
}

impl FeedTo {
    fn plan(&self) -> anyhow::Result<FeedPlan> {
        let format: FeedFormat =
            self.format.parse().map_err(|_| WrongUse("format of [feed] is ocsf, syslog or json".to_owned()))?;
        let sink = match (&self.command, &self.append_file) {
            (Some(command), None) => FeedSink::Command(command.clone()),
            (None, Some(file)) => FeedSink::Append(file.clone()),
            _ => return Err(WrongUse("[feed] takes either command or append_file".to_owned()).into()),
        };
        Ok(FeedPlan { format, sink })
    }
}

fn default_zone() -> String {
    "America/New_York".to_owned()
}
fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}
const fn default_file_bytes() -> u64 {
    4 * 1024 * 1024 * 1024
}
const fn default_customer_bytes() -> u64 {
    1024 * 1024 * 1024 * 1024
}
const fn default_retention() -> u32 {
    30
}
const fn default_opens() -> u64 {
    600
}

/// A server by an address that stands where others may read it: without a password.
pub(crate) fn server_of(url: &str) -> anyhow::Result<Server> {
    let has_password = Url::parse(url).is_ok_and(|url| {
        url.password().is_some() || url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("password"))
    });
    if has_password {
        return Err(
            WrongUse("an address with a password belongs into a file of its own: database_file".to_owned()).into()
        );
    }
    Server::parse(url).map_err(|error| WrongUse(error.to_string()).into())
}

/// A server by an address in a file that nobody else may read.
pub(crate) fn server_in(file: &Path) -> anyhow::Result<Server> {
    let url = secret_in(file)?;
    Server::parse(url.trim()).map_err(|error| WrongUse(error.to_string()).into())
}

/// What a file says that nobody else may read.
pub(crate) fn secret_in(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let unread = |error: std::io::Error| WrongUse(format!("cannot read {}: {}", file.display(), error.kind()));
    let about = std::fs::metadata(file).map_err(unread)?;
    // A secret that Kubernetes mounts for a group of its own belongs to root and is read by that group: ours.
    let mounted = about.uid() == 0 && about.gid() == rustix::process::getegid().as_raw() && about.gid() != 0;
    if about.permissions().mode() & if mounted { 0o037 } else { 0o077 } != 0 {
        return Err(WrongUse(format!("{} is open to others; close it first: chmod 600", file.display())).into());
    }
    Ok(Zeroizing::new(std::fs::read_to_string(file).map_err(unread)?))
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| WrongUse(format!("cannot read {}: {}", path.display(), error.kind())))?;
        let config: Self =
            toml::from_str(&text).map_err(|error| WrongUse(format!("{}: {}", path.display(), error.message())))?;
        config.check()?;
        Ok(config)
    }

    /// For a folder without a file: what `init` remembered, and defaults.
    pub(crate) fn of_dir(dir: &Path) -> anyhow::Result<Self> {
        let file = dir.join("strongroom.toml");
        if file.exists() {
            return Self::read(&file);
        }
        Err(WrongUse(format!(
            "there is no strongroom.toml in {}; run `strongroom init` first, or give --config",
            dir.display()
        ))
        .into())
    }

    /// Where the database is, when it is on a server.
    pub(crate) fn server(&self) -> anyhow::Result<Option<Server>> {
        match (&self.database, &self.database_file) {
            (Some(_), Some(_)) => Err(WrongUse("give database or database_file, not both".to_owned()).into()),
            (Some(url), None) => server_of(url).map(Some),
            (None, Some(file)) => server_in(file).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The bucket of this address, with what is configured besides.
    pub(crate) fn bucket_of(&self, url: &str) -> anyhow::Result<BucketPlace> {
        let options = BucketOptions {
            endpoint: self.objects_endpoint.clone(),
            region: self.objects_region.clone(),
            key_file: self.objects_key_file.clone(),
            ca_file: self.objects_ca_file.clone(),
        };
        let place = BucketPlace::parse(url, &options).map_err(|error| WrongUse(error.to_string()))?;
        place.apart_from(&self.dir).map_err(|error| WrongUse(error.to_string()))?;
        Ok(place)
    }

    /// Where the sealed objects lie, when it is a bucket.
    pub(crate) fn bucket(&self) -> anyhow::Result<Option<BucketPlace>> {
        self.objects.as_deref().map(|url| self.bucket_of(url)).transpose()
    }

    /// Everything that can be said about it without opening the house.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.server()?;
        self.bucket()?;
        portal::door::PublicUrl::parse(&self.public_url).map_err(|error| WrongUse(error.to_string()))?;
        if self.served_by()?.is_none() && !self.listen.ip().is_loopback() {
            let say = format!("{} is not a loopback address and there is neither [tls] nor [acme]", self.listen);
            return Err(WrongUse(say).into());
        }
        let witness_command = self.witness.as_ref().and_then(|witness| witness.command.as_ref());
        for (name, command) in [
            ("scan_command", self.scan_command.as_ref()),
            ("alert_command", self.alert_command.as_ref()),
            ("command of [witness]", witness_command),
            ("command of [feed]", self.feed.as_ref().and_then(|feed| feed.command.as_ref())),
        ] {
            // An empty list would look as if it were set and do nothing.
            if command.is_some_and(|command| command.first().is_none_or(|program| program.trim().is_empty())) {
                return Err(WrongUse(format!("{name} is empty: name a program, or leave it out")).into());
            }
        }
        if let Some(witness) = &self.witness
            && witness.command.is_some() == witness.append_file.is_some()
        {
            return Err(WrongUse("[witness] takes either command or append_file".to_owned()).into());
        }
        self.feed.as_ref().map(FeedTo::plan).transpose()?;
        self.traces.as_ref().map(TracesTo::collector).transpose()?;
        let contact = self.security_contact.as_deref().unwrap_or("mailto:");
        if !["mailto:", "https://", "tel:"].iter().any(|scheme| contact.starts_with(scheme))
            || contact.contains(char::is_control)
        {
            return Err(WrongUse("security_contact begins with mailto:, https:// or tel:".to_owned()).into());
        }
        if self.backup_to.is_some() != self.backup_every_hours.is_some() {
            return Err(WrongUse("backup_to and backup_every_hours belong together".to_owned()).into());
        }
        if self.backup_every_hours == Some(0) {
            return Err(WrongUse("backup_every_hours is at least 1".to_owned()).into());
        }
        if self.backup_epoch_escrow.is_some() && self.backup_to.is_none() {
            return Err(WrongUse("backup_epoch_escrow goes with backup_to".to_owned()).into());
        }
        let places = [self.root_key_file.is_some(), self.passphrase_file.is_some(), self.root_key.is_some()];
        if places.iter().filter(|one| **one).count() > 1 {
            return Err(WrongUse("give one of root_key_file, passphrase_file and [root_key]".to_owned()).into());
        }
        self.root_key.as_ref().map(HeldAt::check).transpose()?;
        Ok(())
    }

    /// What custody wants to know.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let url = Url::parse(&self.public_url).context("public_url")?;
        let mut settings = Settings::new(&self.operator, url);
        settings.telephone.clone_from(&self.telephone);
        settings.time_zone.clone_from(&self.time_zone);
        settings.file_bytes_max = self.file_bytes_max;
        settings.customer_bytes_max = self.customer_bytes_max;
        settings.opens_per_hour_max = self.opens_per_hour_max;
        settings.scan_command.clone_from(&self.scan_command);
        settings.alert_command.clone_from(&self.alert_command);
        settings.root_key_file.clone_from(&self.root_key_file);
        settings.passphrase_file.clone_from(&self.passphrase_file);
        settings.keyholder = self.root_key.as_ref().map(|held| held.name().to_owned());
        settings.security_contact.clone_from(&self.security_contact);
        settings.retention_days = self.retention_days;
        settings.leaving_hold_days = self.leaving_hold_days;
        settings.backup = self.backup_to.clone().zip(self.backup_every_hours).map(|(to, every_hours)| BackupPlan {
            to,
            epoch_escrow: self.backup_epoch_escrow.clone(),
            every_hours,
        });
        settings.feed = self.feed.as_ref().map(FeedTo::plan).transpose()?;
        settings.witness = self.witness.as_ref().and_then(|witness| match (&witness.command, &witness.append_file) {
            (Some(command), _) => Some(WitnessSink::Command(command.clone())),
            (None, Some(file)) => Some(WitnessSink::Append(file.clone())),
            (None, None) => None,
        });
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    const GOOD: &str =
        "dir = \"/srv/strongroom\"\noperator = \"Prairie\"\npublic_url = \"https://portal.example.org\"\n";

    #[test]
    fn the_smallest_file_is_enough_and_unknown_fields_are_refused() {
        let config: Config = toml::from_str(GOOD).unwrap();
        assert!(config.check().is_ok());
        assert!(toml::from_str::<Config>(&format!("{GOOD}password = \"x\"\n")).is_err());
    }

    #[test]
    fn plain_http_does_not_leave_this_machine_and_an_ip_address_is_no_origin() {
        let bad = [
            format!("{GOOD}listen = \"0.0.0.0:80\"\n"),
            GOOD.replace("https://portal.example.org", "https://192.0.2.1"),
            GOOD.replace("https://portal.example.org", "http://portal.example.org"),
            format!("{GOOD}backup_to = \"/media/backup\"\n"),
            format!("{GOOD}backup_to = \"/media/backup\"\nbackup_every_hours = 0\n"),
            format!("{GOOD}backup_epoch_escrow = \"/media/keys/epochs\"\n"),
            format!("{GOOD}security_contact = \"security@example.org\"\n"),
            format!("{GOOD}objects = \"/srv/objects\"\n"),
            format!("{GOOD}objects = \"s3://key:hunter2@records\"\n"),
            format!("{GOOD}objects = \"s3://records\"\nobjects_endpoint = \"http://192.0.2.1:9000\"\n"),
        ];
        for text in bad {
            let config: Config = toml::from_str(&text).unwrap();
            assert!(config.check().is_err(), "{text}");
        }
    }

    #[test]
    fn a_command_that_names_no_program_is_refused_and_never_taken_for_one() {
        for bad in [
            "scan_command = []\n",
            "scan_command = [\"\"]\n",
            "scan_command = [\" \", \"-\"]\n",
            "alert_command = []\n",
            "[witness]\ncommand = []\n",
            "[feed]\nformat = \"ocsf\"\ncommand = []\n",
        ] {
            let config: Config = toml::from_str(&format!("{GOOD}{bad}")).unwrap();
            let said = config.check().unwrap_err().to_string();
            assert!(said.contains("command") && said.contains("is empty"), "{bad}: {said}");
        }
        let config: Config = toml::from_str(&format!("{GOOD}scan_command = [\"clamdscan\", \"-\"]\n")).unwrap();
        assert!(config.check().is_ok());
    }

    #[test]
    fn traces_go_to_a_collector_on_this_machine_and_nowhere_else() {
        for (endpoint, good) in [
            ("http://127.0.0.1:4318", true),
            ("http://[::1]:4318/", true),
            ("http://192.0.2.7:4318", false),
            ("http://collector.example.org:4318", false),
            ("https://127.0.0.1:4318", false),
            ("http://127.0.0.1:4318@192.0.2.7:80", false),
            ("127.0.0.1:4318", false),
        ] {
            let config: Config = toml::from_str(&format!("{GOOD}[traces]\nendpoint = \"{endpoint}\"\n")).unwrap();
            assert_eq!(config.check().is_ok(), good, "{endpoint}");
        }
    }

    #[test]
    fn a_feed_has_a_known_form_and_one_receiver() {
        for (feed, good) in [
            ("format = \"ocsf\"\nappend_file = \"/var/log/a\"\n", true),
            ("format = \"syslog\"\ncommand = [\"logger\"]\n", true),
            ("format = \"cef\"\nappend_file = \"/var/log/a\"\n", false),
            ("format = \"json\"\n", false),
            ("format = \"json\"\nappend_file = \"/var/log/a\"\ncommand = [\"logger\"]\n", false),
        ] {
            let config: Config = toml::from_str(&format!("{GOOD}[feed]\n{feed}")).unwrap();
            assert_eq!(config.check().is_ok(), good, "{feed}");
        }
    }

    #[test]
    fn a_file_cut_or_changed_anywhere_is_refused_or_read_and_never_a_panic() {
        let whole = format!(
            "{GOOD}listen = \"127.0.0.1:8080\"\ntrusted_proxies = [\"192.0.2.1\"]\nscan_command = [\"clamdscan\", \"-\"]\n\
             file_bytes_max = 4096\n[tls]\ncertificate_file = \"a\"\nkey_file = \"b\"\n[witness]\nappend_file = \"c\"\n"
        );
        let read = |text: &str| {
            if let Ok(config) = toml::from_str::<Config>(text) {
                drop(config.check().and_then(|()| config.settings()));
            }
        };
        assert!(toml::from_str::<Config>(&whole).is_ok_and(|config| config.check().is_ok()));
        for at in 0..whole.len() {
            read(&whole[..at]);
            for other in ["\"", "[", "]", "=", "\n", "-9223372036854775809", "\u{202e}", "\0", "{"] {
                read(&format!("{}{other}{}", &whole[..at], &whole[at..]));
                read(&format!("{}{other}{}", &whole[..at], &whole[at + 1..]));
            }
        }
    }
}
