//! What `deidentify` can be told.

use clap::{Args, ValueEnum};
use identify::Method;
use record::civil::Day;
use std::path::PathBuf;

/// Files without what says who somebody is, made on this machine alone.
#[derive(Debug, Args)]
pub(crate) struct DeidentifyArgs {
    /// A file, or a folder with all below it.
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// Where to: a file for a file, a folder for a folder. It must not be there, or be an empty folder.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// What goes and what stays.
    #[arg(long, value_enum)]
    pub(crate) method: DeidentifyMethod,
    /// A secret of 32 bytes or more, for `pseudonym` and for `--table`.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Write the report here: counts and sentences, no PHI.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Keep the table of surrogates here, sealed under the key file, so that later runs use the same ones (safe-harbor and limited).
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub(crate) table: Option<PathBuf>,
    /// Write what stayed and might say who somebody is here, one line for each place, for a person to decide; decisions that stand
    /// there already are followed. It shows words out of the files: keep it as PHI.
    #[arg(long, value_name = "FILE")]
    pub(crate) review: Option<PathBuf>,
    /// Ask about each such place now, at this terminal.
    #[arg(long, requires = "review")]
    pub(crate) ask: bool,
    /// The day at which ages are counted; today, if not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) reference_date: Option<Day>,
    /// Leave out, and count, what cannot be read or changed: pictures, recordings, PDF. Without it, such a file stops everything.
    #[arg(long)]
    pub(crate) leave_out: bool,
    /// The report as one object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The methods of 45 CFR 164.514.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeidentifyMethod {
    /// All eighteen kinds go: years, states, three digits of ZIP codes and ages to 89 stay (164.514(b)(2)).
    SafeHarbor,
    /// Direct identifiers go: dates, ages, towns and ZIP codes stay (164.514(e)). The output is PHI.
    Limited,
    /// Surrogates from a key, dates moved by days that a family shares, for an expert's determination (164.514(b)(1)).
    Pseudonym,
}

impl DeidentifyMethod {
    /// As the library names it.
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::SafeHarbor => Method::SafeHarbor,
            Self::Limited => Method::Limited,
            Self::Pseudonym => Method::Pseudonym,
        }
    }
}
