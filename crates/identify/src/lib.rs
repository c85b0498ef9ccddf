//! What is in it: recognises uploaded files by their content, reads the text inside them, and reads the
//! small facts (file name, header lines, import tables) from which a match to a patient is proposed.
//!
//! What must always hold: bytes in, values out, no I/O, no clock, no randomness; hostile input ends in an
//! error value, never in a panic, and never in more memory than [`Limits`] allow. Errors and `Debug` hold
//! no value that came out of a file, so nothing here can carry PHI into a log.
//!
//! What it refuses to know: who may read a file (`policy`), where it lies (`store`), which patient it is
//! really about. Header fields and file names only ever propose; a person confirms.

pub mod adt;
mod charset;
pub mod deidentify;
pub mod extract;
pub mod file_name;
pub mod find;
pub mod header;
pub mod hl7;
pub mod kinds;
pub mod limits;
pub mod manifest;
pub mod names;
pub mod path_template;
pub mod phi;
pub mod read;
pub mod resolve;
pub mod rows;
pub mod search;
pub mod sniff;
pub mod table;
pub mod template;

pub use adt::{AdtEvent, AdtLine, AdtMessage, AdtPatient, AdtReject, patients_from_adt};
pub use deidentify::{Deidentified, Deidentifier, DeidentifyError, Method};
pub use extract::{ExtractError, Extracted, text_of};
pub use file_name::safe_file_name;
pub use find::{FindOptions, FindStream, Finder};
pub use header::{HeaderFields, HeaderLabels, header_fields, header_fields_with};
pub use hl7::{looks_like_hl7, read_hl7};
pub use kinds::{Evidence, Kinds, health_data};
pub use limits::Limits;
pub use path_template::PathTemplate;
pub use phi::{Confidence, Finding, HealthData, Identifier};
pub use rows::{
    PatientRow, PatientRows, PeopleRow, PeopleRows, RelatedRow, RowError, Sex, patients_from_csv, people_from_csv,
};
pub use sniff::{Audio, Charset, Kind, Mismatch, NotAccepted, Refused, Scan, Sniffed, sniff};
pub use table::{Table, TableError, read_table};
pub use template::{FileNameFields, FileNameTemplate, TemplateError};
