//! File-name templates: how a practice or a dictation system packs author, patient and date into a name.

use record::civil::Day;
use std::fmt;

/// A template such as `{author}_{patient_last}_{patient_first}_{visit_date:MMDDYYYY}_{record_number}.{ext}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNameTemplate {
    source: String,
}

/// What a file name told. PHI; `Debug` tells only which fields are there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FileNameFields {
    /// Who dictated.
    pub author: Option<String>,
    /// Surname.
    pub patient_last: Option<String>,
    /// Given name.
    pub patient_first: Option<String>,
    /// Birth date.
    pub birth_date: Option<Day>,
    /// When the patient was seen.
    pub visit_date: Option<Day>,
    /// Record number.
    pub record_number: Option<String>,
    /// What the document is called.
    pub document_type: Option<String>,
    /// The job's number at the transcription company.
    pub job: Option<String>,
    /// Extension without its dot, lower case.
    pub ext: Option<String>,
}

impl fmt::Debug for FileNameFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileNameFields(..)")
    }
}

/// Why a template is refused, at which character (from 0).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {what}")]
pub struct TemplateError {
    /// Position in the template, in characters from 0.
    pub at: usize,
    /// In words.
    pub what: &'static str,
}

impl FileNameTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`] says where and why.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        Ok(Self { source: template.to_owned() })
    }
    /// The template as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }
    /// The fields of a file name, or `None` when the name does not follow the template.
    #[must_use]
    pub fn fields(&self, file_name: &str) -> Option<FileNameFields> {
        let _ = file_name;
        None
    }
}
