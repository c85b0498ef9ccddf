//! What `standin` can be told.

use clap::Args;
use record::civil::Day;
use standin::{Factor, Formats};
use std::path::PathBuf;

/// Made-up practices, families and records.
#[derive(Debug, Args)]
pub(crate) struct StandinArgs {
    /// How many practices: for children, for families and for adults, in turns.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) practices: u32,
    /// How many patients in all of them together.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) patients: u32,
    /// The same seed, with all else the same, makes the same bytes.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Some of csv, hl7v2, ccda, fhir, text, docx, pdf, truth, with commas between them; or all. `truth` is where PHI stands in
    /// each text, who belongs to whom, and who is there twice.
    #[arg(long, default_value = "csv,hl7v2,ccda,fhir,text,pdf", value_name = "FORMATS")]
    pub(crate) formats: Formats,
    /// A folder that is not there yet, or is empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The day on which the records were taken: nothing in them is younger.
    #[arg(long, default_value = "2026-01-01", value_name = "YYYY-MM-DD")]
    pub(crate) reference_date: Day,
    /// How dirty tables and messages are, in thousandths: duplicates, swapped dates, wrong encodings, typing errors and orphans.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) dirt: u32,
    /// So many visits for each patient, instead of as they come.
    #[arg(long, value_name = "N")]
    pub(crate) visits: Option<u32>,
    /// So many documents for each patient, instead of as they come.
    #[arg(long, value_name = "N")]
    pub(crate) documents: Option<u32>,
    /// As many patients, visits and documents as this file counts: one object of JSON with `patients` and, if known, `practices`,
    /// `visits` and `documents`, as `standin --json` itself prints.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["practices", "patients", "visits", "documents"])]
    pub(crate) like: Option<PathBuf>,
    /// So many times as much as that file counts: 3, 0.25.
    #[arg(long, value_name = "F", requires = "like")]
    pub(crate) factor: Option<Factor>,
    /// How many practices are made at the same time; as many as there are processors, if not given.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// One object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}
