//! The command line of customers, and of one that leaves.

use super::At;
use clap::{Args, Subcommand};
use record::{CustomerId, PersonId};
use std::path::PathBuf;

/// Customers.
#[derive(Debug, Args)]
pub(crate) struct CustomerArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: CustomerCommand,
}

/// What to do with customers.
#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Names and ids.
    #[command(after_help = "Example:\n  strongroom customer list --dir /srv/strongroom --json")]
    List(At),
    /// A new customer, with keys of its own. The agreement is recorded in the portal.
    #[command(
        after_help = "Example:\n  strongroom customer add --dir /srv/strongroom --name \"Lakeside Pediatrics\" --telephone +1-608-555-0142"
    )]
    Add {
        #[command(flatten)]
        at: At,
        /// Its own name, as the tag will say it.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Whom a closed door names.
        #[arg(long, value_name = "NUMBER")]
        telephone: String,
    },
    /// One customer: agreements, and how many people.
    #[command(after_help = "Example:\n  strongroom customer show --dir /srv/strongroom --customer cus_01k…")]
    Show {
        #[command(flatten)]
        at: At,
        /// Which: cus_….
        #[arg(long, value_name = "ID")]
        customer: CustomerId,
    },
    /// A practice leaves: everything goes with it, by its manager's word.
    Leave {
        /// What to do.
        #[command(subcommand)]
        command: LeaveCommand,
    },
    /// A practice joins another: both their managers say yes, and then all of it becomes the other's.
    Merge {
        /// What to do.
        #[command(subcommand)]
        command: MergeCommand,
    },
    /// Some patients of a practice go to another: both their managers say yes, and then their charts become the other's.
    Split {
        /// What to do.
        #[command(subcommand)]
        command: SplitCommand,
    },
}

/// What to do when some patients go to another practice. The managers of both decide in the portal, on their practices' pages.
#[derive(Debug, Subcommand)]
pub(crate) enum SplitCommand {
    /// Prepares that some patients go to another practice. A privacy officer confirms this command; nothing changes by it, and no
    /// name is shown. Exit 1 lists the lines of the file that name nobody; then nothing is prepared.
    #[command(
        after_help = "Example:\n  strongroom customer split prepare cus_01k… --into cus_01m… --prefix L- --patients leaving.csv --dir /srv/strongroom\n  strongroom customer split prepare cus_01k… --into cus_01m… --prefix L- --author per_01k… --dir /srv/strongroom\n\nThe file is UTF-8: a first line that says record_number, and one record number on each further line."
    )]
    Prepare(SplitPrepare),
    /// How far the splits and joinings of a practice are.
    #[command(after_help = "Example:\n  strongroom customer split show cus_01k… --dir /srv/strongroom")]
    Show {
        /// Which: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
    /// Carries out what both managers have said yes to, chart by chart, while the practice goes on. A privacy officer confirms this
    /// command. Stopped, it is run again and goes on where it was. Exit 1 when something does not open and stays.
    #[command(after_help = "Example:\n  strongroom customer split run cus_01k… --dir /srv/strongroom")]
    Run {
        /// Whose patients they are: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
    /// Ends a split half way that is being carried out, or was stopped: who has moved stays there, and nobody else moves. A privacy
    /// officer confirms this command; either practice's manager can do the same in the portal.
    #[command(after_help = "Example:\n  strongroom customer split end cus_01k… --dir /srv/strongroom")]
    End {
        /// Whose patients they are: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
    /// Takes back what was prepared, as long as it is not carried out.
    #[command(after_help = "Example:\n  strongroom customer split withdraw cus_01k… --dir /srv/strongroom")]
    Withdraw {
        /// Whose patients were to go: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
}

/// Preparing that some patients go to another practice.
#[derive(Debug, Args)]
pub(crate) struct SplitPrepare {
    /// Whose patients they are: cus_….
    #[arg(value_name = "CUS")]
    pub(crate) customer: CustomerId,
    /// Whose they would be: cus_….
    #[arg(long, value_name = "CUS")]
    pub(crate) into: CustomerId,
    /// What record numbers get in front that both have, for the patients who come: letters, digits, hyphens, at most eight.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: String,
    /// A file with their record numbers.
    #[arg(long, value_name = "FILE", conflicts_with = "author", required_unless_present = "author")]
    pub(crate) patients: Option<PathBuf>,
    /// Who wrote all their documents: per_…, as often as one likes. Patients with documents of others, too, are listed and stay.
    #[arg(long, value_name = "PERSON")]
    pub(crate) author: Vec<PersonId>,
    #[command(flatten)]
    pub(crate) at: At,
}

/// What to do when one practice joins another. The managers of both decide in the portal, on their practices' pages.
#[derive(Debug, Subcommand)]
pub(crate) enum MergeCommand {
    /// Prepares that one practice joins another. A privacy officer confirms this command; nothing changes by it.
    #[command(
        after_help = "Example:\n  strongroom customer merge prepare cus_01k… --into cus_01m… --prefix H- --dir /srv/strongroom"
    )]
    Prepare {
        /// Who joins: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        /// Whom: cus_….
        #[arg(long, value_name = "CUS")]
        into: CustomerId,
        /// What record numbers get in front that both have, for the patients of who joins: letters, digits, hyphens, at most eight.
        #[arg(long, value_name = "TEXT")]
        prefix: String,
        #[command(flatten)]
        at: At,
    },
    /// How far the joinings of a practice are.
    #[command(after_help = "Example:\n  strongroom customer merge show cus_01k… --dir /srv/strongroom")]
    Show {
        /// Which: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
    /// Carries out what both managers have said yes to. A privacy officer confirms this command. Its records cannot be read until
    /// they are there; stopped, it is run again and goes on where it was. Exit 1 when something does not open and stays.
    #[command(after_help = "Example:\n  strongroom customer merge run cus_01k… --dir /srv/strongroom")]
    Run {
        /// Who joins: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
    /// Takes back what was prepared, as long as it is not carried out.
    #[command(after_help = "Example:\n  strongroom customer merge withdraw cus_01k… --dir /srv/strongroom")]
    Withdraw {
        /// Who was to join: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
}

/// What to do when a practice leaves. Its manager begins it in the portal, on the practice's page.
#[derive(Debug, Subcommand)]
pub(crate) enum LeaveCommand {
    /// Exports everything of a practice that leaves into sealed files. Its manager confirms this command, and is shown the
    /// secret in the portal. Stopped, it is run again with the same folder.
    #[command(
        after_help = "Example:\n  strongroom customer leave export cus_01k… --dir /srv/strongroom --out /media/usb/lakeside\n\nThe export is encrypted and tagged \"PHI – <practice>\"; without the secret that the manager is shown it opens for nobody."
    )]
    Export {
        /// Which: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        /// The export's folder: a new or empty one, or the one of an export that was stopped.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        at: At,
    },
    /// How far it is.
    #[command(after_help = "Example:\n  strongroom customer leave show cus_01k… --dir /srv/strongroom")]
    Show {
        /// Which: cus_….
        #[arg(value_name = "CUS")]
        customer: CustomerId,
        #[command(flatten)]
        at: At,
    },
    /// Offline, without a house: verifies an export, and with --out writes it in clear. Exit 1 says what is wrong with it.
    #[command(
        after_help = "Example:\n  strongroom customer leave open /media/usb/lakeside --secret-file secret.txt\n  strongroom customer leave open /media/usb/lakeside --out lakeside-in-clear --expect 3f1c…\n\nWhat is written in clear is health information: the folder is made for you alone (mode 0700)."
    )]
    Open(LeaveOpen),
}

/// Opening an export.
#[derive(Debug, Args)]
pub(crate) struct LeaveOpen {
    /// The export's folder.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: PathBuf,
    /// Where to write it in clear: a folder that is not there yet. Not given, it is only verified.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) known: Known,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// By what an export is opened and held.
#[derive(Debug, Args)]
pub(crate) struct Known {
    /// A file with the secret; asked for, if not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// The manifest's SHA-256, as the portal of the other house shows it.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) expect: Option<String>,
    /// A file with the public key of the other house's ledger, if it is known from elsewhere.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// Taking an export in.
#[derive(Debug, Args)]
pub(crate) struct TakeIn {
    #[command(flatten)]
    pub(crate) at: At,
    /// The export's folder.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: PathBuf,
    /// For which customer here: cus_….
    #[arg(long, value_name = "ID")]
    pub(crate) customer: CustomerId,
    /// The customer's own name here, exactly, so that a slip in the id is noticed.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) known: Known,
}
