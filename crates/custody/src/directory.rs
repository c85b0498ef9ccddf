//! Names and addresses of the people who work here: sealed under the operator's directory key. No PHI.

use crate::house::Custody;
use crate::{CustodyError, DirectoryBody};
use record::PersonId;
use std::collections::{BTreeMap, BTreeSet};
use store::Person;
use vault::{DirectoryColumn, KeyRing};

/// Opens one entry.
pub(crate) fn open(ring: &KeyRing, person: &Person) -> Result<DirectoryBody, CustodyError> {
    let bytes =
        ring.directory_open(person.id, DirectoryColumn::PersonBody, &person.directory).map_err(CustodyError::seal)?;
    serde_json::from_slice(&bytes).map_err(|_| CustodyError::Broken("a directory entry cannot be read".to_owned()))
}

/// Seals one entry.
pub(crate) fn seal(ring: &KeyRing, id: PersonId, body: &DirectoryBody) -> Result<Vec<u8>, CustodyError> {
    let json = serde_json::to_vec(body).map_err(CustodyError::seal)?;
    ring.directory_seal(id, DirectoryColumn::PersonBody, &json).map_err(CustodyError::seal)
}

/// By what an e-mail address is found: lower case, without the space around it.
pub(crate) fn email_index(ring: &KeyRing, email: &str) -> Vec<u8> {
    ring.directory_blind("email", &email.trim().to_lowercase()).to_vec()
}

/// Names of several people, each once; empty for somebody who is not there.
pub(crate) async fn names(custody: &Custody, ids: Vec<PersonId>) -> Result<BTreeMap<PersonId, String>, CustodyError> {
    let ids: BTreeSet<PersonId> = ids.into_iter().collect();
    let ring = custody.ring();
    let mut found: BTreeMap<PersonId, String> = BTreeMap::new();
    for person in custody.store().person_fetch_many(&ids).await? {
        found.insert(person.id, open(&ring, &person)?.name);
    }
    for id in ids {
        found.entry(id).or_default();
    }
    Ok(found)
}
