//! The command line of customers, and of one that leaves.

use super::At;
use clap::{Args, Subcommand};
use record::CustomerId;
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
