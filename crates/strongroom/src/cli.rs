//! The command line. Man pages and completions are made from this same definition.

mod customer;
mod deidentify;
mod demo;
mod incident;
mod keys;
mod scan;
mod standin;

pub(crate) use self::standin::StandinArgs;
pub(crate) use customer::{
    CustomerArgs, CustomerCommand, Known, LeaveCommand, LeaveOpen, MergeCommand, SplitCommand, SplitPrepare, TakeIn,
};
pub(crate) use deidentify::{DeidentifyArgs, DeidentifyMethod};
pub(crate) use demo::Demo;
pub(crate) use incident::{IncidentArgs, IncidentCommand, ObligationsArgs};
pub(crate) use keys::KeyRecover;
pub(crate) use scan::{FailOn, ScanArgs, ScanFormat};

use clap::{Args, Parser, Subcommand};
use record::{CustomerId, MembershipId, PersonId, ProgramId, Right, Role};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A strongroom for other people's health records.
#[derive(Debug, Parser)]
#[command(
    name = "strongroom",
    version,
    about,
    long_about = "A portal that cannot open without a lock, over a vault, a policy and a ledger.\n\nExit codes: 0 done; 1 the check found something; 2 wrong use or bad input; 3 refused by policy; 4 the system could not."
)]
pub(crate) struct Cli {
    /// What is told on standard error: error, warn, info, debug.
    #[arg(long, global = true, default_value = "info", value_name = "LEVEL")]
    pub(crate) log: String,
    /// One JSON object a line on standard error.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A made-up house that is served at once: operator, three customers, people of every role.
    #[command(
        after_help = "Example:\n  strongroom demo\n  strongroom demo --listen 127.0.0.1:9000 --seed 7 --json\n  strongroom demo --stand-ins 500\n  strongroom demo --dir demo --database 'postgres:///demo?host=/run/postgresql&user=strongroom_node'"
    )]
    Demo(Demo),
    /// A new house: first keys, first privacy officer.
    #[command(
        after_help = "Example:\n  strongroom init --dir /srv/strongroom --operator \"Prairie Transcription\" \\\n      --officer ruth@prairie.example --root-key /media/keys/root.key --public-url https://portal.prairie.example"
    )]
    Init(Init),
    /// Serve the portal.
    #[command(
        after_help = "Example:\n  strongroom serve --config /etc/strongroom/strongroom.toml\n  strongroom serve --dir /srv/strongroom --listen 127.0.0.1:8080\n  strongroom serve --config /etc/strongroom/strongroom.toml --objects s3://records/house"
    )]
    Serve(Serve),
    /// Customers of this house: list, add, show; and one that leaves.
    Customer(CustomerArgs),
    /// People of this house: list, invite, confirm, end; the first officer again, or a lost last one.
    Person(PersonArgs),
    /// Software programs of a customer: list, add, keys, rights, an end, revoke.
    Program(ProgramArgs),
    /// Keys: rotate, rekey, shred.
    Key(KeyArgs),
    /// A folder with years of documents, by a map that says how its paths and first lines are read; or patients or people
    /// from a table (CSV, tab- or semicolon-separated).
    #[command(
        after_help = "Example:\n  strongroom import /mnt/old-share --map lakeside.toml --dir /srv/strongroom --dry-run\n  strongroom import /mnt/old-share --map lakeside.toml --dir /srv/strongroom --rejects rejects.csv\n\nIt can be stopped at any moment and run again: what is there already is passed by.\nThe list of rejects holds names of files, which are health information: it is made for you alone (mode 0600)."
    )]
    Import(ImportArgs),
    /// Finds PHI in files, on this machine alone: no server, no house, no configuration. Exit 1 when something is found.
    #[command(
        after_help = "Example:\n  strongroom scan fixtures/ src/\n  strongroom scan dump.sql --format json --kinds ssn,mrn,name\n  git diff --cached | strongroom scan - --fail-on high\n  strongroom scan . --format sarif > phi.sarif\n  strongroom scan . --write-baseline phi.json && strongroom scan . --baseline phi.json\n  strongroom scan . --cache .git/phi-clean.json\n  strongroom scan share/ --format manifest\n\nThe last line says how much was read. What cannot be read (pictures, recordings) is told and is not called clean."
    )]
    Scan(ScanArgs),
    /// Files without what says who somebody is: Safe Harbor, limited data set or pseudonyms (45 CFR 164.514). All or nothing.
    #[command(
        after_help = "Example:\n  strongroom deidentify export/ --out shared/ --method safe-harbor --report report.json\n  strongroom deidentify patients.csv --out patients-limited.csv --method limited\n  strongroom deidentify export/ --out study/ --method pseudonym --key-file /media/keys/study.key\n  strongroom deidentify week2/ --out shared2/ --method safe-harbor --table surrogates.tbl --key-file /media/keys/tables.key\n  strongroom deidentify export/ --out shared/ --method safe-harbor --review queue.jsonl --ask\n\nThe output is searched again; if anything is found, nothing is written (exit 1). Pictures, recordings and PDF cannot be changed (exit 2).\nFree text that no person has reviewed is not Safe Harbor, and the report says so. Folders are made flat: a folder's name may say who somebody is."
    )]
    Deidentify(DeidentifyArgs),
    /// Made-up practices with families, visits and documents in every format, from a seed: instead of production data.
    #[command(
        after_help = "Example:\n  strongroom standin --patients 50 --out made-up\n  strongroom standin --practices 20 --patients 10000 --seed 7 --formats csv,hl7v2,fhir --out made-up\n  strongroom standin --patients 1000 --dirt 20 --formats csv,truth --out dirty\n\nNumbers, addresses of mail and telephones are reserved ones that nobody has."
    )]
    Standin(StandinArgs),
    /// A breach, or what may be one: who must be told what by when.
    Incident(IncidentArgs),
    /// The gate: open it again after a finding.
    Gate(GateArgs),
    /// The ledger: verify, export, tail, prove.
    Ledger(LedgerArgs),
    /// A sealed, incremental copy of everything.
    #[command(
        after_help = "Example:\n  strongroom backup --dir /srv/strongroom --to /media/backup --epoch-escrow /media/keys/epochs --verify\n  strongroom backup --verify-only /media/backup --key backup.pub"
    )]
    Backup(Backup),
    /// Everything from a sealed copy, into an empty folder.
    #[command(
        after_help = "Example:\n  strongroom restore --config /media/keys/strongroom.toml --from /media/backup --epoch-escrow /media/keys/epochs \\\n      --dir /srv/strongroom-new --root-key /media/keys/root.key"
    )]
    Restore(Restore),
    /// The database on a server: makes or changes its schema, as its owner; with --from, carries a stopped house's own
    /// database over, row for row. With --objects-to, carries its sealed objects into a bucket; with --objects-to-folder back.
    #[command(
        after_help = "Example:\n  strongroom migrate --config /etc/strongroom/strongroom.toml --objects-to s3://records/house\n  strongroom migrate --config /etc/strongroom/strongroom.toml --objects-to-folder\n  strongroom migrate --to postgres:///strongroom?host=/run/postgresql&user=strongroom_owner --role strongroom_node\n  strongroom migrate --to-file /media/keys/owner.url --role strongroom_node --from /srv/strongroom \\\n      --root-key /media/keys/root.key"
    )]
    Migrate(Migrate),
    /// Looks at the house as a careful stranger would: keys, disk, witness, backups.
    #[command(after_help = "Example:\n  strongroom doctor --dir /srv/strongroom")]
    Doctor(At),
    /// Asks the server that runs on this machine whether visitors may be sent to it: for health checks. Exit 1 when not.
    #[command(after_help = "Example:\n  strongroom ready --config /etc/strongroom/strongroom.toml")]
    Ready(At),
    /// The configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Which version this is.
    #[command(after_help = "Example:\n  strongroom version --json")]
    Version {
        /// One object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Man pages, one for each command, into a folder.
    #[command(hide = true)]
    Man {
        /// Where to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// A completion script on standard output.
    #[command(hide = true)]
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// Where a house lies and how it is opened.
#[derive(Debug, Clone, Args)]
pub(crate) struct At {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder; its strongroom.toml is read.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The root key's file.
    #[arg(long, value_name = "FILE")]
    pub(crate) root_key: Option<PathBuf>,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The database on a server.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The database as its schema's owner reaches it, without a password: postgres://owner@host/name.
    #[arg(long, value_name = "URL", required_unless_present_any = ["to_file", "objects_to", "objects_to_folder"], conflicts_with_all = ["to_file", "objects_to", "objects_to_folder"])]
    pub(crate) to: Option<String>,
    /// A file with that address, which may hold a password.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["objects_to", "objects_to_folder"])]
    pub(crate) to_file: Option<PathBuf>,
    /// The role as which nodes come: it owns nothing and cannot bypass row-level security.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["objects_to", "objects_to_folder"])]
    pub(crate) role: Option<String>,
    /// The data folder of a stopped house whose database is carried over.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// The bucket into which a stopped house's sealed objects are carried: s3://name/prefix.
    #[arg(long, value_name = "URL", conflicts_with = "objects_to_folder")]
    pub(crate) objects_to: Option<String>,
    /// The sealed objects are carried back into the data folder.
    #[arg(long)]
    pub(crate) objects_to_folder: bool,
    /// The house's configuration; with --from, the data folder's own strongroom.toml where none is named.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// With --from: the root key's file. Keys are wrapped anew on their way to the server.
    #[arg(long, value_name = "FILE")]
    pub(crate) root_key: Option<PathBuf>,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A new house.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The data folder, new or empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The operator's own name.
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: String,
    /// The first privacy officer's e-mail address.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) officer: String,
    /// The first privacy officer's name; the address, if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) officer_name: Option<String>,
    /// Where the root key is, or is made: on another volume than the data.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
    pub(crate) root_key: Option<PathBuf>,
    /// A passphrase instead of a file; it is asked for.
    #[arg(long)]
    pub(crate) passphrase: bool,
    /// The address people will type.
    #[arg(long, default_value = "http://localhost:8080", value_name = "URL")]
    pub(crate) public_url: String,
    /// Whom a closed door names.
    #[arg(long, default_value = "", value_name = "NUMBER")]
    pub(crate) telephone: String,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Serving.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) at: At,
    /// The address and port, in place of the configured ones.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// The database on a server, in place of the configured one: postgres://role@host/name, without a password.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The bucket with the sealed objects, in place of the configured one: s3://name/prefix.
    #[arg(long, value_name = "URL")]
    pub(crate) objects: Option<String>,
}

/// People.
#[derive(Debug, Args)]
pub(crate) struct PersonArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: PersonCommand,
}

/// Where somebody has a place.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) at: At,
    /// At which customer: cus_…. At the operator, if not given.
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<CustomerId>,
}

/// What to do with people.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// People and invitations at a customer, or at the operator.
    #[command(after_help = "Example:\n  strongroom person list --dir /srv/strongroom --customer cus_01k…")]
    List(Place),
    /// Invites somebody; prints the link and the words to be told by telephone.
    #[command(
        after_help = "Example:\n  strongroom person invite --dir /srv/strongroom --role transcriptionist --name \"Tess Bauer\" \\\n      --email tess@prairie.example --telephone +1-608-555-0143"
    )]
    Invite {
        #[command(flatten)]
        place: Place,
        /// As what: clinician, records_staff, practice_manager; transcriptionist, qa_editor, coordinator, …
        #[arg(long, value_name = "ROLE")]
        role: Role,
        /// Their name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Their e-mail address.
        #[arg(long, value_name = "EMAIL")]
        email: String,
        /// Their telephone number, by which they are told the words.
        #[arg(long, value_name = "NUMBER")]
        telephone: String,
    },
    /// Ends a role, from the next request on; withdraws a waiting one.
    #[command(after_help = "Example:\n  strongroom person end --dir /srv/strongroom --membership mem_01k…")]
    End {
        #[command(flatten)]
        place: Place,
        /// Which: mem_…, as `person list` shows it.
        #[arg(long, value_name = "ID")]
        membership: MembershipId,
    },
    /// Ends all of somebody's sessions.
    #[command(after_help = "Example:\n  strongroom person sign-out --dir /srv/strongroom --person per_01k…")]
    SignOut {
        #[command(flatten)]
        place: Place,
        /// Whose: per_….
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// A new invitation for the first privacy officer, as long as nobody has enrolled. With no server running.
    #[command(
        after_help = "Example:\n  strongroom person first-officer --dir /srv/strongroom --email ruth@prairie.example --name \"Ruth Okafor\""
    )]
    FirstOfficer(Officer),
    /// The last officer is lost: a new one, with the root key in hand and no server running. All pages show it for 30 days.
    #[command(
        after_help = "Example:\n  strongroom person recover-officer --dir /srv/strongroom --email ruth@prairie.example --name \"Ruth Okafor\""
    )]
    RecoverOfficer(Officer),
}

/// An officer who is made offline.
#[derive(Debug, Args)]
pub(crate) struct Officer {
    #[command(flatten)]
    pub(crate) at: At,
    /// Their e-mail address.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) email: String,
    /// Their name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
}

/// Programs.
#[derive(Debug, Args)]
pub(crate) struct ProgramArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: ProgramCommand,
}

/// One program of a customer.
#[derive(Debug, Args)]
pub(crate) struct OneProgram {
    #[command(flatten)]
    pub(crate) at: At,
    /// Of which customer: cus_….
    #[arg(long, value_name = "ID")]
    pub(crate) customer: CustomerId,
    /// Which: prg_…, its client id.
    #[arg(long, value_name = "ID")]
    pub(crate) program: ProgramId,
}

/// What to do with programs. The practice's own manager confirms whatever lets one in or gives it more.
#[derive(Debug, Subcommand)]
pub(crate) enum ProgramCommand {
    /// A customer's programs: rights, keys, last use, end.
    #[command(after_help = "Example:\n  strongroom program list --dir /srv/strongroom --customer cus_01k…")]
    List {
        #[command(flatten)]
        at: At,
        /// Of which customer: cus_….
        #[arg(long, value_name = "ID")]
        customer: CustomerId,
    },
    /// Lets a program work for a customer; prints its client id.
    #[command(
        after_help = "Example:\n  strongroom program add --dir /srv/strongroom --customer cus_01k… --name \"Lakeside EMR\" \\\n      --right system/DocumentReference.rs --right system/Binary.r --key emr.jwk --days 365"
    )]
    Add {
        #[command(flatten)]
        at: At,
        /// For which customer: cus_….
        #[arg(long, value_name = "ID")]
        customer: CustomerId,
        /// What it is called here.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What it may do, a SMART system scope such as system/Patient.rs; may be given several times.
        #[arg(long = "right", value_name = "SCOPE", required = true)]
        rights: Vec<Right>,
        /// A file with its public key (JWK, RSA or P-384).
        #[arg(long, value_name = "FILE", required_unless_present = "jwks_url", conflicts_with = "jwks_url")]
        key: Option<PathBuf>,
        /// The https address where it keeps its public keys.
        #[arg(long, value_name = "URL")]
        jwks_url: Option<String>,
        /// For how many days, at most 366.
        #[arg(long, default_value_t = 366, value_name = "N")]
        days: u32,
    },
    /// Its keys: add, rotate, end.
    Key {
        /// What to do.
        #[command(subcommand)]
        command: ProgramKeyCommand,
    },
    /// Gives it these rights and no others. Tokens that are out lose what is not among them.
    #[command(
        after_help = "Example:\n  strongroom program rights --dir /srv/strongroom --customer cus_01k… --program prg_01k… --right system/Patient.rs"
    )]
    Rights {
        #[command(flatten)]
        of: OneProgram,
        /// What it may do; may be given several times.
        #[arg(long = "right", value_name = "SCOPE", required = true)]
        rights: Vec<Right>,
    },
    /// Lets it work for so many days from now.
    #[command(
        after_help = "Example:\n  strongroom program expire --dir /srv/strongroom --customer cus_01k… --program prg_01k… --days 30"
    )]
    Expire {
        #[command(flatten)]
        of: OneProgram,
        /// How many, from 1 to 366.
        #[arg(long, value_name = "N")]
        days: u32,
    },
    /// Stops it at once and for good.
    #[command(
        after_help = "Example:\n  strongroom program revoke --dir /srv/strongroom --customer cus_01k… --program prg_01k…"
    )]
    Revoke(OneProgram),
}

/// What to do with a program's keys.
#[derive(Debug, Subcommand)]
pub(crate) enum ProgramKeyCommand {
    /// Another key beside those it has.
    #[command(
        after_help = "Example:\n  strongroom program key add --dir /srv/strongroom --customer cus_01k… --program prg_01k… --key new.jwk"
    )]
    Add {
        #[command(flatten)]
        of: OneProgram,
        /// A file with the public key (JWK).
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Another key; those it has end after some hours.
    #[command(
        after_help = "Example:\n  strongroom program key rotate --dir /srv/strongroom --customer cus_01k… --program prg_01k… --key new.jwk --overlap 24"
    )]
    Rotate {
        #[command(flatten)]
        of: OneProgram,
        /// A file with the public key (JWK).
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// For how many hours the old keys go on, at most 168.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap: u32,
    },
    /// Ends one key now.
    #[command(
        after_help = "Example:\n  strongroom program key end --dir /srv/strongroom --customer cus_01k… --program prg_01k… --kid old"
    )]
    End {
        #[command(flatten)]
        of: OneProgram,
        /// The key's name.
        #[arg(long, value_name = "KID")]
        kid: String,
    },
}

/// Keys.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// A new key version for a customer, from now on; what is there is wrapped anew. Can be stopped and run again.
    #[command(after_help = "Example:\n  strongroom key rotate --dir /srv/strongroom --customer cus_01k…")]
    Rotate(KeyOf),
    /// All keys wrapped anew under a new epoch key, and under a new root key if one is given.
    #[command(
        after_help = "Example:\n  strongroom key rekey --dir /srv/strongroom --new-root-key /media/keys/root-2027.key"
    )]
    Rekey(KeyRekey),
    /// Has the keyholder of the configuration ([root_key]) wrap the root key, and looks whether it gives the same back.
    #[command(
        after_help = "Example:\n  strongroom key hold --config /etc/strongroom/strongroom.toml --root-key /media/keys/root.key"
    )]
    Hold(At),
    /// With the rows on a database server: the key table and the epoch key's half from their escrow, after the bucket was lost
    /// or an older copy of the database was put back. With no server running.
    #[command(
        after_help = "Example:\n  strongroom key recover --config /etc/strongroom/strongroom.toml --epoch-escrow /media/keys/epochs"
    )]
    Recover(KeyRecover),
    /// Destroys a customer's keys: one officer asks, another one approves. Nobody can undo it.
    Shred {
        /// What to do.
        #[command(subcommand)]
        command: ShredCommand,
    },
}

/// The destruction of a customer's keys.
#[derive(Debug, Subcommand)]
pub(crate) enum ShredCommand {
    /// One officer asks.
    #[command(
        after_help = "Example:\n  strongroom key shred ask --dir /srv/strongroom --customer cus_01k… --name \"Lakeside Pediatrics\" \\\n      --reason \"left, has everything\" --copies-expire 2027-03-31"
    )]
    Ask {
        #[command(flatten)]
        of: KeyOf,
        /// The customer's own name, exactly.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Why. Name no patient.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The day on which the last copy of the whole data volume expires (YYYY-MM-DD); not given when there is none.
        #[arg(long, value_name = "DAY")]
        copies_expire: Option<String>,
    },
    /// Any officer takes it back, as long as the keys are there.
    #[command(after_help = "Example:\n  strongroom key shred withdraw --dir /srv/strongroom --customer cus_01k…")]
    Withdraw(KeyOf),
    /// Another officer does it, and the certificate is printed.
    #[command(
        after_help = "Example:\n  strongroom key shred approve --dir /srv/strongroom --customer cus_01k… --name \"Lakeside Pediatrics\""
    )]
    Approve {
        #[command(flatten)]
        of: KeyOf,
        /// The customer's own name, exactly.
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// How far it is, and the certificate.
    #[command(after_help = "Example:\n  strongroom key shred show --dir /srv/strongroom --customer cus_01k…")]
    Show(KeyOf),
    /// What two officers decided and what still waits for the root key is carried out, with no server running.
    #[command(
        after_help = "Example:\n  strongroom key shred finish --dir /srv/strongroom --root-key /media/keys/root.key"
    )]
    Finish(At),
}

/// One customer's key.
#[derive(Debug, Args)]
pub(crate) struct KeyOf {
    #[command(flatten)]
    pub(crate) at: At,
    /// Whose: cus_….
    #[arg(long, value_name = "ID")]
    pub(crate) customer: CustomerId,
}

/// All keys are wrapped anew.
#[derive(Debug, Args)]
pub(crate) struct KeyRekey {
    #[command(flatten)]
    pub(crate) at: At,
    /// Where the new root key is made; the old one opens nothing afterwards.
    #[arg(long, value_name = "FILE")]
    pub(crate) new_root_key: Option<PathBuf>,
    /// Where the newest epoch keys are kept apart from data and backups.
    #[arg(long, value_name = "FILE")]
    pub(crate) epoch_escrow: Option<PathBuf>,
    /// On a database server: the escrow, or one still to be wiped, is lost; after this day no copy of it is left.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) epoch_escrow_lost: Option<String>,
}

/// Importing.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ImportArgs {
    /// What, if not a folder.
    #[command(subcommand)]
    pub(crate) command: Option<ImportCommand>,
    /// The folder with the documents.
    #[arg(value_name = "SHARE", required = true)]
    pub(crate) share: Option<PathBuf>,
    /// The map (TOML): whose documents these are, and how paths and first lines say author, patient, date and kind.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) map: Option<PathBuf>,
    /// Where the names of what stays outside are written: a new file, not on the share.
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Changes nothing, and says what would be.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) at: At,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Patients of one customer: known record numbers are corrected, others are new. Records staff of that practice confirm it.
    #[command(
        after_help = "Example:\n  strongroom import patients patients.csv --dir /srv/strongroom --customer cus_01k… --dry-run\n  strongroom import patients adt.hl7 --dir /srv/strongroom --customer cus_01k… --authority LPC\n\nThe first line of a table names the columns: last name, first name, date of birth, record number.\nOf HL7 version 2, ADT A01, A04, A08, A28, A31 and A40 (A34, A18) are taken; merges are proposed and wait for a person."
    )]
    Patients {
        #[command(flatten)]
        at: At,
        /// The table, or HL7 version 2 messages; which it is, its content says.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Whose: cus_….
        #[arg(long, value_name = "ID")]
        customer: CustomerId,
        /// Of messages: the assigning authority (PID-3.4) of the practice's own record numbers, where several are named.
        #[arg(long, value_name = "NAME")]
        authority: Option<String>,
        /// Changes nothing, and says what would be.
        #[arg(long)]
        dry_run: bool,
    },
    /// What another house exported of a practice (`customer leave export` there): everything of it, verified before anything is
    /// kept. The practice's manager here confirms it.
    #[command(
        after_help = "Example:\n  strongroom import practice /media/usb/lakeside --dir /srv/strongroom --customer cus_01k… \\\n      --name \"Lakeside Pediatrics\" --secret-file secret.txt\n\nIt can be stopped at any moment and run again: what is there already is passed by."
    )]
    Practice(TakeIn),
    /// People: each line is invited, and the links are printed once.
    #[command(
        after_help = "Example:\n  strongroom import people people.csv --dir /srv/strongroom --customer cus_01k… --dry-run\n\nThe first line names the columns: name, email, role, telephone."
    )]
    People {
        #[command(flatten)]
        place: Place,
        /// The table.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Invites nobody, and says what would be.
        #[arg(long)]
        dry_run: bool,
    },
}

/// The gate.
#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: GateCommand,
}

/// What to do with the gate.
#[derive(Debug, Subcommand)]
pub(crate) enum GateCommand {
    /// Opens again what a finding has closed and a later walk has passed. With no server running it lets the next start
    /// open, and needs the root key: a portal that is closed is closed to its officers too.
    #[command(after_help = "Example:\n  strongroom gate reopen --dir /srv/strongroom")]
    Reopen(At),
}

/// The ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Offline: every entry, tile and checkpoint. Exit 1 names the first bad entry.
    #[command(
        after_help = "Example:\n  strongroom ledger verify --export ledger.export --key ledger.pub --since checkpoint-from-last-year.txt"
    )]
    Verify(LedgerVerify),
    /// All entries into one file, for an offline verifier: with no server running; officers export in the portal too.
    /// With --format, entries as lines for a log collector, through the running server or without one.
    #[command(
        after_help = "Example:\n  strongroom ledger export --dir /srv/strongroom --out ledger.export\n  strongroom ledger export --dir /srv/strongroom --format ocsf --since 48213 --out entries.ndjson"
    )]
    Export(LedgerExport),
    /// The newest entries.
    #[command(after_help = "Example:\n  strongroom ledger tail --dir /srv/strongroom --count 20 --json")]
    Tail {
        #[command(flatten)]
        at: At,
        /// How many, at most 1,000.
        #[arg(long, default_value_t = 20, value_name = "N")]
        count: u32,
    },
    /// The proof that an entry is in the ledger, checked before it is given (C2SP tlog-proof).
    #[command(after_help = "Example:\n  strongroom ledger prove --dir /srv/strongroom --index 48213")]
    Prove {
        #[command(flatten)]
        at: At,
        /// Its place, from 0.
        #[arg(long, value_name = "N")]
        index: u64,
    },
}

/// Verifying.
#[derive(Debug, Args)]
pub(crate) struct LedgerVerify {
    /// A data folder (no server may be using it).
    #[arg(long, value_name = "DIR", conflicts_with = "export", required_unless_present = "export")]
    pub(crate) dir: Option<PathBuf>,
    /// An export.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// The public key, as `ledger export` wrote it beside the export; for a folder the configured one is used.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Checkpoints that were kept elsewhere.
    #[arg(long, value_name = "CHECKPOINT")]
    pub(crate) since: Vec<PathBuf>,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Exporting.
#[derive(Debug, Args)]
pub(crate) struct LedgerExport {
    #[command(flatten)]
    pub(crate) at: At,
    /// Where to, a file that is not there yet; without --format the public key is written beside it with `.pub`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Lines instead of the verifier's file: OCSF or the ledger's own headers as one JSON object a line, or RFC 5424.
    #[arg(long, value_name = "FORM", value_parser = ["ocsf", "syslog", "json"])]
    pub(crate) format: Option<String>,
    /// With --format: only from this entry on.
    #[arg(long, default_value_t = 0, value_name = "N", requires = "format")]
    pub(crate) since: u64,
}

/// A backup.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) at: At,
    /// The backup's folder.
    #[arg(long, value_name = "DIR", required_unless_present = "verify_only")]
    pub(crate) to: Option<PathBuf>,
    /// Makes none: verifies the newest one in this folder, without any secret, without the house. Exit 1 says what is wrong.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["to", "epoch_escrow", "verify", "config", "dir", "root_key"])]
    pub(crate) verify_only: Option<PathBuf>,
    /// With --verify-only: the file with the backup's public key, as `backup` printed it. Without it the backup vouches for itself.
    #[arg(long, value_name = "FILE", requires = "verify_only")]
    pub(crate) key: Option<PathBuf>,
    /// Where the newest epoch keys are kept, apart from the data and from the backup; asked for the first time only.
    #[arg(long, value_name = "FILE")]
    pub(crate) epoch_escrow: Option<PathBuf>,
    /// Verify it afterwards, without the root key.
    #[arg(long)]
    pub(crate) verify: bool,
}

/// A restore.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The configuration of the house that is restored, kept elsewhere; its `dir` is not used.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The backup's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// An empty folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The epoch keys' file.
    #[arg(long, value_name = "FILE")]
    pub(crate) epoch_escrow: PathBuf,
    /// The root key's file.
    #[arg(long, value_name = "FILE")]
    pub(crate) root_key: Option<PathBuf>,
    /// Checkpoints that were kept elsewhere: the gap since the backup is told from the largest.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// A drill: restored into the folder, checked, told to the ledger of the house in the configuration, removed.
    #[arg(long)]
    pub(crate) drill: bool,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The configuration file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Reads it and says what is wrong, without opening anything.
    #[command(after_help = "Example:\n  strongroom config check /etc/strongroom/strongroom.toml")]
    Check {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
