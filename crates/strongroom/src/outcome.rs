//! How commands end: one sentence and one code.

use custody::{CustodyError, LeavingError};
use std::io::Write as _;

/// A check found something: exit 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Finding(pub(crate) String);

/// Wrong use or bad input: exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUse(pub(crate) String);

/// Refused: exit 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// The running server has said how it ended.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub(crate) struct Told {
    /// The exit code.
    pub(crate) code: u8,
    /// One clear sentence.
    pub(crate) sentence: String,
}

/// The exit code of an error.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    if let Some(told) = error.downcast_ref::<Told>() {
        return told.code;
    }
    if error.is::<Refused>() {
        return 3;
    }
    if error.is::<Finding>() {
        return 1;
    }
    if error.is::<WrongUse>() {
        return 2;
    }
    let leaving = match error.downcast_ref::<CustodyError>() {
        Some(CustodyError::Export(error)) => Some(error),
        _ => error.downcast_ref::<LeavingError>(),
    };
    if let Some(error) = leaving {
        // What is wrong with an export is a finding; a wrong secret or folder is wrong use; the rest is the system's.
        return match error {
            LeavingError::Io { .. } | LeavingError::Sealing | LeavingError::Stopped => 4,
            error if error.is_finding() => 1,
            _ => 2,
        };
    }
    match error.downcast_ref::<CustodyError>() {
        Some(CustodyError::Refused(_) | CustodyError::Absent) => 3,
        Some(
            CustodyError::Input(_)
            | CustodyError::State(_)
            | CustodyError::Map(_)
            | CustodyError::File(_)
            | CustodyError::TooLarge { .. },
        ) => 2,
        _ => 4,
    }
}

/// Exit code and one clear sentence, with what lies behind it.
pub(crate) fn told(error: &anyhow::Error) -> (u8, String) {
    let mut sentence = error.to_string();
    if let Some(CustodyError::Input(fields)) = error.downcast_ref::<CustodyError>() {
        sentence = fields.iter().map(|one| format!("{}: {}", one.field, one.say)).collect::<Vec<_>>().join("; ");
    }
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !sentence.contains(&cause) {
            sentence.push_str(": ");
            sentence.push_str(&cause);
        }
    }
    (code_of(error), sentence)
}

/// One clear sentence on standard error.
pub(crate) fn tell(error: &anyhow::Error) {
    // Nothing is left to tell it to if standard error is gone.
    drop(writeln!(std::io::stderr(), "strongroom: {}", told(error).1));
}

/// A line of what a command reports.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// One object on one line, for `--json`.
pub(crate) fn say_json(value: &serde_json::Value) -> anyhow::Result<()> {
    say(&value.to_string())
}
