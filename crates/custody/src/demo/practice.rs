//! A made-up practice from outside, such as the generator of stand-ins writes one: its people, charts and documents come in by
//! the desks that a practice for work has.

use super::{Cast, DemoPerson, MadeUp};
use crate::{Custody, CustodyError, NamesOthers, NewUpload, PatientBody, RelatedBody};
use record::civil::Day;
use record::{CustomerId, PatientId, PersonId, RelatedKind, Role, act};

/// A practice, with everybody and everything in it.
#[derive(Default, PartialEq, Eq)]
pub struct DemoPractice {
    /// What it is called.
    pub name: String,
    /// Where it is reached.
    pub telephone: String,
    /// Names of those who write there.
    pub clinicians: Vec<String>,
    /// Its patients.
    pub patients: Vec<DemoPatient>,
}

/// A patient, who is around them, and what was written about them.
#[derive(Default, PartialEq, Eq)]
pub struct DemoPatient {
    /// As the practice knows them.
    pub body: PatientBody,
    /// Guardians.
    pub guardians: Vec<RelatedBody>,
    /// Documents.
    pub notes: Vec<DemoNote>,
}

/// A document.
#[derive(Default, PartialEq, Eq)]
pub struct DemoNote {
    /// Who wrote it: a place in [`DemoPractice::clinicians`].
    pub author: usize,
    /// The day of the visit.
    pub visit: Option<Day>,
    /// What the file is called; no name of anybody stands in it.
    pub file_name: String,
    /// The file.
    pub text: Vec<u8>,
}

/// The address of somebody at a made-up practice: letters and points only, and the practice's number behind, because another one may
/// have somebody of the same name.
fn address(name: &str, number: usize) -> String {
    let plain: String = name.chars().filter(char::is_ascii).collect();
    let words = plain.split(|one: char| !one.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    format!("{}.{number}", words.join("."))
}

/// Those who work at one made-up practice.
struct Staff {
    clinicians: Vec<PersonId>,
    records: PersonId,
}

impl Custody {
    /// Brings a practice in that stands at `at` among the demo's customers.
    pub(super) async fn demo_practice(
        &self,
        cast: &mut Cast,
        at: usize,
        practice: &DemoPractice,
    ) -> Result<(), CustodyError> {
        let staff = self.demo_staff(cast, at, practice).await?;
        let customer = cast.customers[at];
        let (typist, editor) = (cast.person("tess.bauer")?, cast.person("quinn.ferrara")?);
        for one in &practice.patients {
            let desk = self.demo_desk::<act::PatientCreate>(staff.records);
            let patient = desk.patient_create(customer, &one.body).await?;
            let desk = self.demo_desk::<act::RelatedCreate>(staff.records);
            for guardian in &one.guardians {
                desk.related_create(patient, RelatedKind::Guardian, guardian).await?;
            }
            for note in &one.notes {
                let author = staff.clinicians.get(note.author).or(staff.clinicians.first()).copied();
                self.demo_note((customer, patient, author), note, (typist, editor)).await?;
            }
        }
        Ok(())
    }

    async fn demo_staff(&self, cast: &mut Cast, at: usize, practice: &DemoPractice) -> Result<Staff, CustodyError> {
        let mut clinicians = Vec::new();
        for name in &practice.clinicians {
            let places: &[_] = &[(Some(at), Role::Clinician)];
            clinicians.push(self.demo_somebody(cast, (name, &address(name, at), places)).await?);
        }
        let records = ("Rosalind Archer", &*address("records", at), &[(Some(at), Role::RecordsStaff)][..]);
        let records = self.demo_somebody(cast, records).await?;
        let manager = ("Matthias Stone", &*address("manager", at), &[(Some(at), Role::PracticeManager)][..]);
        self.demo_somebody(cast, manager).await?;
        Ok(Staff { clinicians, records })
    }

    async fn demo_somebody(&self, cast: &mut Cast, made_up: MadeUp<'_>) -> Result<PersonId, CustodyError> {
        let person: DemoPerson = self.demo_person(&cast.customers, &made_up).await?;
        let id = person.id;
        cast.people.push(person);
        Ok(id)
    }

    /// Typed, edited, delivered. What names somebody else than its patient waits, as it would for work.
    async fn demo_note(
        &self,
        (customer, patient, author): (CustomerId, PatientId, Option<PersonId>),
        note: &DemoNote,
        (typist, editor): (PersonId, PersonId),
    ) -> Result<(), CustodyError> {
        let new = NewUpload {
            customer: Some(customer),
            author,
            patient: Some(patient),
            visit: note.visit,
            file_name: note.file_name.clone(),
            ..NewUpload::default()
        };
        let id = self.demo_upload(typist, new, note.text.clone()).await?;
        let desk = self.demo_desk::<act::DocumentDeliver>(editor);
        match desk.document_deliver(id, &[], NamesOthers::Ask).await {
            Ok(_) | Err(CustodyError::State(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_made_of_letters_whatever_a_name_is_made_of() {
        assert_eq!(address("Edgar Ellstead, NP", 3), "edgar.ellstead.np.3");
        assert_eq!(address("Bożena Nowicki, MD", 3), "boena.nowicki.md.3");
    }
}
