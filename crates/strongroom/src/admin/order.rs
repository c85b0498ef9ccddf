//! What can be ordered. As it travels over the socket, so that both sides know the same (docs/FORMATS-admin.md).

use record::{CustomerId, MembershipId, PersonId, ProgramId, Role};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One order. Unknown orders and unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", content = "with", deny_unknown_fields)]
pub(crate) enum Order {
    /// Customers one may know of.
    #[serde(rename = "customer.list")]
    CustomerList {},
    /// A new customer.
    #[serde(rename = "customer.add")]
    CustomerAdd {
        /// Its own name.
        name: String,
        /// Whom a closed door names.
        telephone: String,
    },
    /// One customer: agreements and people.
    #[serde(rename = "customer.show")]
    CustomerShow {
        /// Which.
        customer: CustomerId,
    },
    /// The people of a customer, or of the operator.
    #[serde(rename = "person.list")]
    PersonList {
        /// At which customer; none at the operator.
        customer: Option<CustomerId>,
    },
    /// Invites somebody.
    #[serde(rename = "person.invite")]
    PersonInvite {
        /// To which customer; none to the operator.
        customer: Option<CustomerId>,
        /// As what.
        role: Role,
        /// Their name.
        name: String,
        /// Their e-mail address.
        email: String,
        /// Their telephone number.
        telephone: String,
    },
    /// Ends a role.
    #[serde(rename = "person.end")]
    PersonEnd {
        /// At which customer; none at the operator.
        customer: Option<CustomerId>,
        /// Which.
        membership: MembershipId,
    },
    /// Ends all of somebody's sessions.
    #[serde(rename = "person.sign_out")]
    PersonSignOut {
        /// At which customer they have a place; none at the operator.
        customer: Option<CustomerId>,
        /// Whose.
        person: PersonId,
    },
    /// A customer's programs.
    #[serde(rename = "program.list")]
    ProgramList {
        /// Whose.
        customer: CustomerId,
    },
    /// Lets a program in.
    #[serde(rename = "program.add")]
    ProgramAdd {
        /// For whom.
        customer: CustomerId,
        /// What it is called.
        name: String,
        /// Scopes with single spaces between.
        rights: String,
        /// Its public key, JSON.
        key: Option<String>,
        /// Where its keys are fetched.
        jwks_url: Option<String>,
        /// For how many days.
        days: u32,
    },
    /// Another key.
    #[serde(rename = "program.key_add")]
    ProgramKeyAdd {
        /// Whose program.
        customer: CustomerId,
        /// Which.
        program: ProgramId,
        /// The public key, JSON.
        key: String,
    },
    /// Another key in place of those that are there.
    #[serde(rename = "program.key_rotate")]
    ProgramKeyRotate {
        /// Whose program.
        customer: CustomerId,
        /// Which.
        program: ProgramId,
        /// The public key, JSON.
        key: String,
        /// How long the old ones go on.
        overlap_hours: u32,
    },
    /// One key ends.
    #[serde(rename = "program.key_end")]
    ProgramKeyEnd {
        /// Whose program.
        customer: CustomerId,
        /// Which.
        program: ProgramId,
        /// The key's name.
        kid: String,
    },
    /// Other rights.
    #[serde(rename = "program.rights")]
    ProgramRights {
        /// Whose program.
        customer: CustomerId,
        /// Which.
        program: ProgramId,
        /// Scopes with single spaces between.
        rights: String,
    },
    /// Another end.
    #[serde(rename = "program.expire")]
    ProgramExpire {
        /// Whose program.
        customer: CustomerId,
        /// Which.
        program: ProgramId,
        /// In how many days.
        days: u32,
    },
    /// Stops it.
    #[serde(rename = "program.revoke")]
    ProgramRevoke {
        /// Whose program.
        customer: CustomerId,
        /// Which.
        program: ProgramId,
    },
    /// A new key version.
    #[serde(rename = "key.rotate")]
    KeyRotate {
        /// Whose.
        customer: CustomerId,
    },
    /// All keys wrapped anew.
    #[serde(rename = "key.rekey")]
    KeyRekey {
        /// The file of a new root key, which is there already.
        new_root_key: Option<PathBuf>,
        /// Where the escrow is kept from now on.
        epoch_escrow: Option<PathBuf>,
        /// The one before is lost; the day after which no copy of it is left, `YYYY-MM-DD`.
        #[serde(default)]
        epoch_escrow_lost: Option<String>,
    },
    /// Asks for the destruction of a customer's keys.
    #[serde(rename = "key.shred_ask")]
    KeyShredAsk {
        /// Whose.
        customer: CustomerId,
        /// The customer's own name, typed.
        name: String,
        /// Why.
        reason: String,
        /// The day on which the last copy of the whole volume expires, `YYYY-MM-DD`.
        copies_expire_on: Option<String>,
    },
    /// Takes that back.
    #[serde(rename = "key.shred_withdraw")]
    KeyShredWithdraw {
        /// Whose.
        customer: CustomerId,
    },
    /// Destroys them, as another officer asked.
    #[serde(rename = "key.shred_approve")]
    KeyShredApprove {
        /// Whose.
        customer: CustomerId,
        /// The customer's own name, typed.
        name: String,
    },
    /// How far that is, with the certificate.
    #[serde(rename = "key.shred_show")]
    KeyShredShow {
        /// Whose.
        customer: CustomerId,
    },
    /// A sealed copy of everything.
    #[serde(rename = "backup")]
    Backup {
        /// The backup's folder, absolute.
        to: PathBuf,
        /// The escrow's file, absolute.
        epoch_escrow: Option<PathBuf>,
    },
    /// Opens the gate again.
    #[serde(rename = "gate.reopen")]
    GateReopen {},
    /// The newest entries of the ledger.
    #[serde(rename = "ledger.tail")]
    LedgerTail {
        /// How many, at most 1,000.
        count: u32,
    },
    /// The proof of one entry.
    #[serde(rename = "ledger.prove")]
    LedgerProve {
        /// Its place, from 0.
        index: u64,
    },
    /// Entries of the ledger as lines into a file.
    #[serde(rename = "ledger.feed")]
    LedgerFeed {
        /// `ocsf`, `syslog` or `json`.
        format: String,
        /// From which entry on.
        since: u64,
        /// A file that is not there yet, absolute.
        out: PathBuf,
    },
    /// Patients from a table, or from HL7 version 2 messages.
    #[serde(rename = "import.patients")]
    ImportPatients {
        /// Whose.
        customer: CustomerId,
        /// The assigning authority of the practice's own record numbers, where messages name several.
        authority: Option<String>,
        /// Change nothing, and say what would be.
        dry_run: bool,
    },
    /// Documents from a folder; its map comes along as the file.
    #[serde(rename = "import.share")]
    ImportShare {
        /// Whose, as the map says it.
        customer: CustomerId,
        /// What they are called, as the map says it.
        name: String,
        /// The folder, absolute.
        share: PathBuf,
        /// Where the names of what stays outside are written, absolute.
        rejects: PathBuf,
        /// Change nothing, and say what would be.
        dry_run: bool,
    },
    /// Everything of a practice that leaves, into sealed files.
    #[serde(rename = "leave.export")]
    LeaveExport {
        /// Who leaves.
        customer: CustomerId,
        /// The export's folder, absolute.
        out: PathBuf,
    },
    /// How far a leaving is.
    #[serde(rename = "leave.show")]
    LeaveShow {
        /// Who leaves.
        customer: CustomerId,
    },
    /// That one practice joins another, if both want it.
    #[serde(rename = "join.prepare")]
    JoinPrepare {
        /// Who joins.
        customer: CustomerId,
        /// Whom.
        into: CustomerId,
        /// What record numbers get that both have.
        prefix: String,
    },
    /// That some patients of a practice go to another, if both want it; by their record numbers, which come along as the file, or
    /// by who wrote about them.
    #[serde(rename = "split.prepare")]
    SplitPrepare {
        /// Whose patients they are.
        customer: CustomerId,
        /// Whose they would be.
        into: CustomerId,
        /// What record numbers get that both have.
        prefix: String,
        /// Who wrote all their documents; nobody when a file comes along.
        authors: Vec<PersonId>,
    },
    /// What both managers have said yes to, of some patients.
    #[serde(rename = "split.run")]
    SplitRun {
        /// Whose patients they are.
        customer: CustomerId,
    },
    /// A split that is being carried out is ended half way.
    #[serde(rename = "split.end")]
    SplitEnd {
        /// Whose patients they are.
        customer: CustomerId,
    },
    /// How far the joinings and splits of a practice are.
    #[serde(rename = "join.show")]
    JoinShow {
        /// Whose.
        customer: CustomerId,
    },
    /// What both managers have said yes to.
    #[serde(rename = "join.run")]
    JoinRun {
        /// Who joins.
        customer: CustomerId,
    },
    /// A joining or a split that was prepared is taken back.
    #[serde(rename = "join.withdraw")]
    JoinWithdraw {
        /// Who was to join.
        customer: CustomerId,
    },
    /// What another house exported of a practice; its secret comes along as the file.
    #[serde(rename = "import.practice")]
    ImportPractice {
        /// For whom.
        customer: CustomerId,
        /// What they are called, typed.
        name: String,
        /// The export's folder, absolute.
        export: PathBuf,
        /// The manifest's SHA-256, if it is known from elsewhere.
        expect: Option<String>,
        /// The public key of the other house's ledger, if it is known from elsewhere.
        key: Option<String>,
    },
    /// People from a table.
    #[serde(rename = "import.people")]
    ImportPeople {
        /// At which customer; none at the operator.
        customer: Option<CustomerId>,
        /// Invite nobody, and say what would be.
        dry_run: bool,
    },
}

impl Order {
    /// Does a file come with it.
    pub(crate) const fn takes_file(&self) -> bool {
        if let Self::SplitPrepare { authors, .. } = self {
            return authors.is_empty();
        }
        matches!(
            self,
            Self::ImportPatients { .. }
                | Self::ImportPeople { .. }
                | Self::ImportShare { .. }
                | Self::ImportPractice { .. }
        )
    }

    /// What it would do, for the person who is to confirm it. Ids and fixed words; no name of a patient.
    pub(crate) fn words(&self, file_bytes: usize) -> String {
        let only_look = |dry_run: &bool| if *dry_run { ", changing nothing" } else { "" };
        match self {
            Self::CustomerList {} => "list the customers".to_owned(),
            Self::CustomerAdd { name, .. } => format!("add the customer {}", plain(name)),
            Self::CustomerShow { customer } => format!("show {customer}"),
            Self::PersonList { customer } => format!("list the people of {}", at(*customer)),
            Self::PersonInvite { customer, role, email, .. } => {
                format!("invite {} as {} at {}", plain(email), role.label().to_lowercase(), at(*customer))
            }
            Self::PersonEnd { customer, membership } => format!("end the role {membership} at {}", at(*customer)),
            Self::PersonSignOut { person, .. } => format!("end all sessions of {person}"),
            Self::ProgramList { customer } => format!("list the programs of {customer}"),
            Self::ProgramAdd { customer, name, rights, jwks_url, days, .. } => format!(
                "let the program {} work for {customer} for {days} days, with the rights {}{}",
                plain(name),
                plain_long(rights),
                jwks_url.as_ref().map_or_else(String::new, |url| format!(", with keys from {}", plain(url)))
            ),
            Self::ProgramKeyAdd { program, .. } => format!("give {program} another key"),
            Self::ProgramKeyRotate { program, overlap_hours, .. } => {
                format!("give {program} another key, and end its others after {overlap_hours} hours")
            }
            Self::ProgramKeyEnd { program, kid, .. } => format!("end the key {} of {program}", plain(kid)),
            Self::ProgramRights { program, rights, .. } => {
                format!("give {program} these rights and no others: {}", plain_long(rights))
            }
            Self::ProgramExpire { program, days, .. } => format!("let {program} work for {days} days from now"),
            Self::ProgramRevoke { program, .. } => format!("stop {program} for good"),
            Self::KeyRotate { customer } => format!("rotate the keys of {customer}"),
            Self::KeyRekey { new_root_key, epoch_escrow, epoch_escrow_lost } => {
                let (root, escrow) = (root_words(new_root_key.as_deref()), escrow_words(epoch_escrow.as_deref()));
                format!("wrap all keys anew{root}{escrow}{}", lost_words(epoch_escrow_lost.as_deref()))
            }
            Self::KeyShredAsk { customer, name, reason, copies_expire_on } => {
                shred_words((customer, name), reason, copies_expire_on.as_deref())
            }
            Self::KeyShredWithdraw { customer } => format!("take back the destruction of the keys of {customer}"),
            Self::KeyShredApprove { customer, name } => {
                format!("DESTROY the keys of {} ({customer}) for good, as another officer asked", plain(name))
            }
            Self::KeyShredShow { customer } => format!("show how far the destruction of the keys of {customer} is"),
            Self::Backup { to, epoch_escrow } => {
                format!("back up to {}{}", plain_path(to), escrow_words(epoch_escrow.as_deref()))
            }
            Self::GateReopen {} => "open the gate again".to_owned(),
            Self::LedgerTail { count } => format!("show the last {count} entries of the ledger"),
            Self::LedgerProve { index } => format!("prove entry {index} of the ledger"),
            Self::LedgerFeed { format, since, out } => {
                format!("write the ledger from entry {since} on as {} lines into {}", plain(format), plain_path(out))
            }
            Self::ImportPatients { customer, authority, dry_run } => {
                patients_words(customer, authority.as_deref(), file_bytes) + only_look(dry_run)
            }
            Self::ImportShare { customer, name, share, dry_run, .. } => {
                let (name, share) = (plain(name), plain_path(share));
                format!("import the documents of {name} ({customer}) from the folder {share}{}", only_look(dry_run))
            }
            Self::ImportPeople { customer, dry_run } => {
                format!("invite people at {} from a table of {file_bytes} bytes{}", at(*customer), only_look(dry_run))
            }
            Self::LeaveExport { .. } | Self::LeaveShow { .. } | Self::ImportPractice { .. } => self.words_of_leaving(),
            Self::JoinPrepare { .. } | Self::JoinShow { .. } | Self::JoinRun { .. } | Self::JoinWithdraw { .. } => {
                self.words_of_joining()
            }
            Self::SplitPrepare { .. } | Self::SplitRun { .. } | Self::SplitEnd { .. } => {
                self.words_of_splitting(file_bytes)
            }
        }
    }

    /// Of a practice some of whose patients go to another.
    fn words_of_splitting(&self, file_bytes: usize) -> String {
        match self {
            Self::SplitPrepare { customer, into, prefix, authors } => {
                let who = if authors.is_empty() {
                    format!("patients of {customer} from a file of {file_bytes} bytes")
                } else {
                    let authors: Vec<String> = authors.iter().map(ToString::to_string).collect();
                    format!("patients of {customer} about whom nobody wrote but {}", authors.join(", "))
                };
                format!("prepare that {who} move to {into}, with {} for numbers that both have", plain(prefix))
            }
            Self::SplitRun { customer } => {
                format!("move the chosen patients of {customer} to the other practice, as both managers have said")
            }
            Self::SplitEnd { customer } => {
                format!("end the split of {customer} half way: who has moved stays there, and nobody else moves")
            }
            _ => String::new(),
        }
    }

    /// Of a practice that joins another.
    fn words_of_joining(&self) -> String {
        match self {
            Self::JoinPrepare { customer, into, prefix } => {
                format!("prepare that {customer} joins {into}, with {} for numbers that both have", plain(prefix))
            }
            Self::JoinShow { customer } => format!("show how far the joinings and splits of {customer} are"),
            Self::JoinRun { customer } => {
                format!("move EVERYTHING of {customer} to the practice that it joins, as both managers have said")
            }
            Self::JoinWithdraw { customer } => {
                format!("take back that {customer} joins another practice, or that its patients go there")
            }
            _ => String::new(),
        }
    }

    /// Of a practice that leaves, or comes from another house.
    fn words_of_leaving(&self) -> String {
        match self {
            Self::LeaveExport { customer, out } => {
                format!("export EVERYTHING of {customer}, which leaves, into sealed files in {}", plain_path(out))
            }
            Self::LeaveShow { customer } => format!("show how far the leaving of {customer} is"),
            Self::ImportPractice { customer, name, export, .. } => {
                let (name, export) = (plain(name), plain_path(export));
                format!("take in for {name} ({customer}) what another house exported, from {export}")
            }
            _ => String::new(),
        }
    }
}

fn at(customer: Option<CustomerId>) -> String {
    customer.map_or_else(|| "the operator".to_owned(), |customer| customer.to_string())
}

fn patients_words(customer: &CustomerId, authority: Option<&str>, file_bytes: usize) -> String {
    let whose = authority.map_or_else(String::new, |name| format!(" (numbers of {})", plain(name)));
    format!("import patients of {customer}{whose} from a file of {file_bytes} bytes")
}

fn plain_path(path: &Path) -> String {
    plain(&path.display().to_string())
}

fn shred_words((customer, name): (&CustomerId, &str), reason: &str, copies_expire_on: Option<&str>) -> String {
    let copies = copies_expire_on.map_or("are none".to_owned(), |day| format!("expire {}", plain(day)));
    let (name, reason) = (plain(name), plain(reason));
    format!("ask for the destruction of the keys of {name} ({customer}): {reason}; copies of the volume {copies}")
}

fn root_words(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!(" under the new root key in {}", plain_path(path)))
}

/// A place that is remembered is said.
fn escrow_words(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| {
        format!(", and keep the escrow of epoch keys in {} from now on", plain_path(path))
    })
}

/// That nobody can wipe what it held is said, too.
fn lost_words(day: Option<&str>) -> String {
    day.map_or_else(String::new, |day| {
        format!("; the one before is LOST, and copies of it are gone after {}", plain(day))
    })
}

/// A list of scopes is longer than a name; whoever confirms it sees all of it.
fn plain_long(text: &str) -> String {
    text.split(' ').map(plain).collect::<Vec<_>>().join(" ")
}

/// Short, and without signs that could make the words say something else.
fn plain(text: &str) -> String {
    let fits = |letter: &char| letter.is_ascii_graphic() || *letter == ' ' || letter.is_alphanumeric();
    text.chars().filter(fits).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn orders_travel_and_unknown_ones_do_not() {
        let order = Order::LedgerTail { count: 7 };
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(text, r#"{"do":"ledger.tail","with":{"count":7}}"#);
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
        for wrong in [
            r#"{"do":"ledger.burn","with":{}}"#,
            r#"{"do":"ledger.tail","with":{"count":-1}}"#,
            r#"{"do":"ledger.tail","with":{"count":7,"as":"root"}}"#,
            r#"{"do":"customer.show","with":{"customer":"per_00000000000000000000000000"}}"#,
            r#"{"do":"customer.list"}"#,
            "{}",
            "null",
        ] {
            assert!(serde_json::from_str::<Order>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_somebody_confirms_cannot_be_made_to_say_something_else() {
        let name = "Hill\u{202e}Cardiology\nlist the customers\u{1b}[2K".to_owned();
        let words = Order::CustomerAdd { name, telephone: String::new() }.words(0);
        assert!(!words.chars().any(|letter| letter.is_control() || letter == '\u{202e}'), "{words:?}");
    }
}
