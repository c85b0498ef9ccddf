//! One file of a share as it lies there: read, told by its first bytes, known by all of them. Nothing is kept yet.

use super::super::intake::{HEAD_BYTES, sniffed};
use super::map::Reading;
use super::report::ImportReject;
use crate::{Custody, CustodyError};
use identify::{FileNameFields, Kind};
use record::CustomerId;
use store::{Share, ShareFile};
use vault::Field;
use zeroize::Zeroizing;

/// A file that was looked at.
pub(super) struct Looked {
    pub(super) file: ShareFile,
    pub(super) found: Result<Found, ImportReject>,
}

/// What was found in it.
pub(super) struct Found {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) kind: Kind,
    /// The rule that its path follows, and what the path says.
    pub(super) rule: usize,
    pub(super) says: FileNameFields,
    /// What its bytes and its path are known by.
    pub(super) known_by: Vec<u8>,
    pub(super) path_token: Vec<u8>,
    /// What it is called.
    pub(super) name: String,
}

/// Looks at one file.
///
/// # Errors
/// When keys cannot do what they should; what is wrong with the file itself is what was found.
pub(super) fn look(
    custody: &Custody,
    customer: CustomerId,
    (share, reading): (&Share, &Reading),
    file: ShareFile,
) -> Result<Looked, CustodyError> {
    let found = match read(reading, share, &file) {
        Err(why) => Err(why),
        Ok((bytes, kind, rule, says)) => {
            let ring = custody.ring();
            let mut known_by = ring.blind_file(customer).map_err(CustodyError::seal)?;
            known_by.update(&bytes);
            let path = String::from_utf8_lossy(&file.path);
            let path_token = ring.blind(customer, Field::SharePath, &path).map_err(CustodyError::seal)?.to_vec();
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let known_by = known_by.finish().to_vec();
            Ok(Found { bytes, kind, rule, says, known_by, path_token, name })
        }
    };
    Ok(Looked { file, found })
}

type Read = (Zeroizing<Vec<u8>>, Kind, usize, FileNameFields);

fn read(reading: &Reading, share: &Share, file: &ShareFile) -> Result<Read, ImportReject> {
    // A name that is no text follows no rule: what is not understood is not guessed at.
    let path = str::from_utf8(&file.path).map_err(|_| ImportReject::NoRule)?;
    let (rule, says) = reading.rule_of(path).ok_or(ImportReject::NoRule)?;
    let bytes = Zeroizing::new(share.read(&file.path, reading.file_bytes_max)?);
    if bytes.is_empty() {
        return Err(ImportReject::Empty);
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let kind = sniffed(head, path.rsplit('/').next().unwrap_or_default()).map_err(|_| ImportReject::Kind)?;
    Ok((bytes, kind, rule, says))
}
