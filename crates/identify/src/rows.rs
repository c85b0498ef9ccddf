//! Import tables turned into patients and people.

use crate::{Limits, TableError};
use record::Role;
use record::civil::Day;
use std::fmt;

/// Sex as administrative tables hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Neither.
    Other,
    /// Written down as unknown.
    Unknown,
}

/// One patient of an import. PHI; `Debug` tells the line only.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientRow {
    /// Line number in the file, from 1.
    pub line: u64,
    /// Surname.
    pub last_name: String,
    /// Given name.
    pub first_name: String,
    /// Middle name or initial.
    pub middle_name: Option<String>,
    /// Birth date.
    pub birth_date: Option<Day>,
    /// The practice's own number for the patient.
    pub record_number: Option<String>,
    /// Sex.
    pub sex: Option<Sex>,
}

/// One person of an import (staff, not patients).
#[derive(Clone, PartialEq, Eq)]
pub struct PeopleRow {
    /// Line number in the file, from 1.
    pub line: u64,
    /// Full name.
    pub name: String,
    /// E-mail address, lower case.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Telephone, for the second secret of an invitation.
    pub telephone: Option<String>,
}

impl fmt::Debug for PatientRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PatientRow(line {})", self.line)
    }
}

impl fmt::Debug for PeopleRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeopleRow(line {})", self.line)
    }
}

/// Why a row is not taken; never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RowError {
    /// Line number in the file, from 1.
    pub line: u64,
    /// In words.
    pub what: &'static str,
}

/// Every data row, taken or not, in the file's order.
pub type PatientRows = Vec<Result<PatientRow, RowError>>;
/// Every data row, taken or not, in the file's order.
pub type PeopleRows = Vec<Result<PeopleRow, RowError>>;

/// Reads patients from a table with the usual column names.
///
/// # Errors
/// [`TableError`] when the file is no table or lacks a column that is needed; single bad rows are in the result.
pub fn patients_from_csv(bytes: &[u8], limits: &Limits) -> Result<PatientRows, TableError> {
    crate::read_table(bytes, limits).map(|_| Vec::new())
}

/// Reads people from a table with the columns name, email, role, telephone.
///
/// # Errors
/// [`TableError`] when the file is no table or lacks a column that is needed; single bad rows are in the result.
pub fn people_from_csv(bytes: &[u8], limits: &Limits) -> Result<PeopleRows, TableError> {
    crate::read_table(bytes, limits).map(|_| Vec::new())
}
