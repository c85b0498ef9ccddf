//! Rows of a table and messages of a sender, as one kind of thing.

use super::{ImportReport, Told, Unit};
use crate::patients::{checked, is_fit};
use crate::related;
use crate::{Custody, CustodyError, PatientBody, RelatedBody};
use identify::hl7::Said;
use identify::{AdtLine, AdtMessage, AdtPatient, AdtReject, Limits, PatientRow};
use record::{CustomerId, RelatedKind, Sha256, Timestamp};
use vault::Field;

/// How far ahead of this clock a message may be: clocks of senders, and zones that they do not say.
pub(super) const AHEAD_MILLIS: i64 = 24 * 60 * 60 * 1_000;

impl Custody {
    /// What a file holds, and a report of what cannot be taken of it.
    pub(super) fn units_read(
        &self,
        customer: CustomerId,
        bytes: &[u8],
        authority: Option<&str>,
    ) -> Result<(ImportReport, Vec<Unit>), CustodyError> {
        if identify::looks_like_hl7(bytes) { self.messages_read(customer, bytes, authority) } else { rows_read(bytes) }
    }

    fn messages_read(
        &self,
        customer: CustomerId,
        bytes: &[u8],
        authority: Option<&str>,
    ) -> Result<(ImportReport, Vec<Unit>), CustodyError> {
        let exchange = identify::read_hl7(bytes, &Limits::default())
            .map_err(|_| CustodyError::field("file", "Give whole HL7 version 2 messages, at most 32 MiB at once"))?;
        if authority.is_none() && identify::adt::authorities_of(&exchange).len() > 1 {
            let say = "The record numbers are of several assigning authorities: say whose are the practice's own";
            return Err(CustodyError::field("authority", say));
        }
        let (mut report, mut units) = (ImportReport::default(), Vec::new());
        for line in identify::patients_from_adt(&exchange, authority) {
            match line {
                AdtLine::Taken(message) if !message.patients.iter().all(is_plain) => {
                    report.rejected.push(rejected(message.line, AdtReject::Value));
                }
                AdtLine::Taken(message) => units.push(self.unit_of(customer, bytes, message)?),
                AdtLine::Passed => report.other += 1,
                AdtLine::Rejected(line, why) => report.rejected.push(rejected(line, why)),
            }
        }
        Ok((report, units))
    }

    fn unit_of(&self, customer: CustomerId, bytes: &[u8], message: AdtMessage) -> Result<Unit, CustodyError> {
        let ring = self.ring();
        let blind = |what: &str, bytes: &[u8]| {
            let text = format!("{what} {}", Sha256::of(bytes));
            ring.blind(customer, Field::AdtMessage, &text).map(|mac| mac.to_vec()).map_err(CustodyError::seal)
        };
        let content = bytes.get(message.range.clone()).unwrap_or_default();
        let token = Some((blind("key", &message.key)?, blind("content", content)?));
        let patients = message.patients.into_iter().map(|who| Told { who, around: Vec::new() }).collect();
        Ok(Unit { line: message.line, at: Some(Timestamp::from_unix_millis(message.at_millis)), token, patients })
    }
}

fn rejected(line: u64, why: AdtReject) -> (u64, String) {
    (line, format!("{}: {}", why.as_str(), why.say()))
}

/// Without marks that make one name look like another.
fn is_plain(who: &AdtPatient) -> bool {
    let said = |said: &Said| !matches!(said, Said::Value(text) if !is_fit(text));
    said(&who.last) && said(&who.first) && said(&who.middle) && is_fit(&who.record_number)
}

fn rows_read(bytes: &[u8]) -> Result<(ImportReport, Vec<Unit>), CustodyError> {
    let say =
        "Give a table with a heading line: last name, first name, date of birth, record number; or HL7 ADT messages";
    let rows = identify::patients_from_csv(bytes, &Limits::default()).map_err(|_| CustodyError::field("file", say))?;
    let (mut report, mut units) = (ImportReport::default(), Vec::new());
    for row in rows {
        match row.map_err(|error| (error.line, error.what)).and_then(unit_of_row) {
            Ok(unit) => units.push(unit),
            Err((line, say)) => report.rejected.push((line, say.to_owned())),
        }
    }
    Ok((report, units))
}

fn unit_of_row(row: PatientRow) -> Result<Unit, (u64, &'static str)> {
    let line = row.line;
    let around: Vec<_> = row.related.iter().filter_map(imported).collect();
    if around.len() < row.related.len() {
        return Err((line, "a guardian's or guarantor's line is too long"));
    }
    let body = PatientBody {
        last: row.last_name,
        first: row.first_name,
        middle: row.middle_name.unwrap_or_default(),
        born: row.birth_date,
        record_number: row.record_number.unwrap_or_default(),
        sex: row.sex.map(|sex| format!("{sex:?}").to_lowercase()).unwrap_or_default(),
    };
    let body = checked(&body).map_err(|_| (line, "the name is missing or too long"))?;
    // A table has the last word on all that it has columns for: what is empty in it is deleted.
    let said = |text: String| if text.is_empty() { Said::Deleted } else { Said::Value(text) };
    let who = AdtPatient {
        record_number: body.record_number,
        prior_number: None,
        last: Said::Value(body.last),
        first: Said::Value(body.first),
        middle: said(body.middle),
        born: body.born.map_or(Said::Deleted, Said::Value),
        sex: said(body.sex),
        unnamed: false,
    };
    Ok(Unit { line, at: None, token: None, patients: vec![Told { who, around }] })
}

/// Somebody around a patient as a table names one. What the table cannot say, who may consent and who may pick up
/// records, is left for a person to write down.
fn imported(row: &identify::RelatedRow) -> Option<(RelatedKind, RelatedBody)> {
    let body = RelatedBody {
        last: row.last_name.clone(),
        first: row.first_name.clone().unwrap_or_default(),
        relation: row.relation.clone().unwrap_or_default(),
        telephone: row.telephone.clone().unwrap_or_default(),
        ..RelatedBody::default()
    };
    related::checked(row.kind, &body).ok().map(|body| (row.kind, body))
}
