//! The demo's practices of families: made by the generator of stand-ins, and read from the very tables, resources and texts that it
//! writes for everybody.

use custody::{DemoNote, DemoPatient, DemoPractice, PatientBody, RelatedBody};
use record::civil::Day;
use serde_json::Value;
use standin::{Formats, InMemory, Plan};
use std::collections::BTreeMap;

/// What the generator wrote cannot be read: its formats and this reader have gone apart.
#[derive(Debug, thiserror::Error)]
#[error("the made-up practice has no {0} that can be read")]
pub(super) struct Unread(&'static str);

/// A practice with so many patients; none are no practice. `today`: nothing is younger.
pub(super) fn practices(patients: u32, seed: u64, today: Day) -> anyhow::Result<Vec<DemoPractice>> {
    if patients == 0 {
        return Ok(Vec::new());
    }
    let formats = "csv,fhir,text".parse::<Formats>()?;
    let plan = Plan { formats, ..Plan::new(1, patients, seed, today) };
    let mut made = InMemory::default();
    standin::make(&plan, &mut made)?;
    Ok(vec![Written(&made.files).practice()?])
}

/// Files by path below the practice's folder.
struct Written<'a>(&'a BTreeMap<String, Vec<u8>>);

impl Written<'_> {
    fn file(&self, name: &'static str) -> Result<&[u8], Unread> {
        let found = self.0.iter().find(|(path, _)| path.split_once('/').is_some_and(|(_, below)| below == name));
        found.map(|(_, bytes)| bytes.as_slice()).ok_or(Unread(name))
    }

    /// Rows of a table by the names of its columns.
    fn table(&self, name: &'static str) -> Result<Vec<BTreeMap<String, String>>, Unread> {
        let rows: Result<_, csv::Error> = csv::Reader::from_reader(self.file(name)?).into_deserialize().collect();
        rows.map_err(|_| Unread(name))
    }

    fn resources(&self, name: &'static str) -> Result<Vec<Value>, Unread> {
        let lines = self.file(name)?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).map_err(|_| Unread(name))).collect()
    }

    fn practice(&self) -> Result<DemoPractice, Unread> {
        let organizations = self.resources("fhir/Organization.ndjson")?;
        let own = organizations.first().ok_or(Unread("fhir/Organization.ndjson"))?;
        let practitioners = self.resources("fhir/Practitioner.ndjson")?;
        let numbers: Vec<&str> = practitioners.iter().map(|one| text(one, "/identifier/0/value")).collect();
        let clinicians = practitioners
            .iter()
            .map(|one| format!("{}, {}", text(one, "/name/0/text"), text(one, "/qualification/0/code/coding/0/code")));
        Ok(DemoPractice {
            name: text(own, "/name").to_owned(),
            telephone: text(own, "/telecom/0/value").to_owned(),
            clinicians: clinicians.collect(),
            patients: self.patients(&numbers)?,
        })
    }

    fn patients(&self, numbers: &[&str]) -> Result<Vec<DemoPatient>, Unread> {
        let (guardians, documents) = (self.table("csv/guardians.csv")?, self.table("csv/documents.csv")?);
        let of = |rows: &[BTreeMap<String, String>], number: &str| -> Vec<BTreeMap<String, String>> {
            rows.iter().filter(|row| row.get("mrn").is_some_and(|one| one == number)).cloned().collect()
        };
        let mut all = Vec::new();
        for row in self.table("csv/patients.csv")? {
            let body = patient(&row);
            let guardians = of(&guardians, &body.record_number).iter().filter_map(guardian).collect();
            let mut notes = Vec::new();
            for row in of(&documents, &body.record_number) {
                let path = cell(&row, "file");
                let bytes = self.0.iter().find(|(whole, _)| whole.ends_with(path)).ok_or(Unread("text"))?.1;
                let author = numbers.iter().position(|one| *one == cell(&row, "author_npi")).unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                notes.push(DemoNote { author, visit: day(&row, "date"), file_name: name, text: bytes.clone() });
            }
            all.push(DemoPatient { body, guardians, notes });
        }
        Ok(all)
    }
}

fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    value.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

fn cell<'a>(row: &'a BTreeMap<String, String>, column: &str) -> &'a str {
    row.get(column).map(String::as_str).unwrap_or_default()
}

fn day(row: &BTreeMap<String, String>, column: &str) -> Option<Day> {
    Day::read(cell(row, column)).ok()
}

fn patient(row: &BTreeMap<String, String>) -> PatientBody {
    let cell = |column| cell(row, column).to_owned();
    PatientBody {
        last: cell("last_name"),
        first: cell("first_name"),
        middle: cell("middle_name"),
        born: day(row, "birth_date"),
        record_number: cell("mrn"),
        sex: cell("sex"),
    }
}

/// Who decides for a child, and who a court has said may not. None: somebody of the household who is neither.
fn guardian(row: &BTreeMap<String, String>) -> Option<RelatedBody> {
    let custody = cell(row, "custody");
    let decides = matches!(custody, "joint" | "sole" | "by_order");
    let barred = custody == "no_contact";
    if !decides && !barred {
        return None;
    }
    let order = match (cell(row, "order_number"), barred) {
        ("", _) => String::new(),
        (number, true) => {
            format!("No contact, and nothing may be told. Order {number} of {}.", cell(row, "order_date"))
        }
        (number, false) => format!("Guardian by order {number} of {}.", cell(row, "order_date")),
    };
    let cell = |column| cell(row, column).to_owned();
    let address = ["street", "unit", "city", "state", "zip"].map(cell);
    let address: Vec<String> = address.into_iter().filter(|part| !part.is_empty()).collect();
    Some(RelatedBody {
        last: cell("last_name"),
        first: cell("first_name"),
        relation: cell("relationship").replace('_', " "),
        telephone: cell("phone"),
        address: address.join(", "),
        may_consent: decides,
        may_pick_up: decides,
        court_order: order,
        from: None,
        to: None,
    })
}

#[cfg(test)]
mod tests {
    use super::practices;
    use record::civil::Day;

    #[test]
    fn a_practice_of_families_is_read_whole_and_is_the_same_each_time() {
        let today = Day::new(2026, 11, 20).unwrap();
        let made = practices(30, 3, today).unwrap();
        let [practice] = made.as_slice() else { panic!("one practice") };
        assert_eq!(practice.patients.len(), 30);
        assert!(!practice.name.is_empty() && !practice.telephone.is_empty() && !practice.clinicians.is_empty());
        let whole = |name: &str| !name.trim().is_empty() && !name.starts_with(',');
        assert!(practice.clinicians.iter().all(|name| whole(name)), "{:?}", practice.clinicians);
        for one in &practice.patients {
            let body = &one.body;
            assert!(!body.last.is_empty() && !body.first.is_empty() && body.born.is_some(), "{}", body.record_number);
            let grown = body.born.is_some_and(|born| born.year() < 2008);
            assert!(grown || one.guardians.iter().any(|guardian| guardian.may_consent), "{}", body.record_number);
        }
        let notes: Vec<_> = practice.patients.iter().flat_map(|one| &one.notes).collect();
        assert!(notes.len() >= 30 && notes.iter().all(|note| note.visit.is_some() && !note.text.is_empty()));
        assert!(notes.iter().all(|note| note.author < practice.clinicians.len()));
        let again = practices(30, 3, today).unwrap();
        assert!(made == again);
        assert!(practices(0, 3, today).unwrap().is_empty());
    }
}
