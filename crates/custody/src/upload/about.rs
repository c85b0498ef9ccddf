//! About whom a file is, and by whom: what its uploader, its name and its header lines say, and when that is certain.

use super::{Coming, NewUpload};
use crate::whose::ByNumber;
use crate::{Custody, CustodyError, DocumentBody, PatientBody};
use identify::FileNameTemplate;
use record::{CustomerId, PatientId, PersonId};

impl Custody {
    /// What is known of the document: what the uploader said first, then what the name says, then its header lines.
    pub(super) fn body_of(&self, new: &NewUpload, coming: &Coming, header: &identify::HeaderFields) -> DocumentBody {
        let name = FileNameTemplate::parse(&new.template)
            .ok()
            .and_then(|template| template.fields(&new.file_name))
            .unwrap_or_default();
        let (last, first) = split_name(header.patient_name.as_deref().unwrap_or_default());
        let or = |one: Option<String>, other: String| one.filter(|text| !text.is_empty()).unwrap_or(other);
        let typed = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let said = PatientBody {
            last: or(typed(&new.said.last).or(name.patient_last), last),
            first: or(typed(&new.said.first).or(name.patient_first), first),
            middle: name.patient_middle.unwrap_or_default(),
            born: new.said.born.or(name.birth_date).or(header.birth_date),
            record_number: or(
                typed(&new.said.record_number).or(name.record_number),
                header.record_number.clone().unwrap_or_default(),
            ),
            sex: String::new(),
        };
        let title = or(header.document_type.clone().or(name.document_type), String::new());
        let _ = coming;
        DocumentBody {
            title,
            visit: new.visit.or(name.visit_date).or(header.visit_date),
            said,
            said_author: or(name.author, header.author.clone().unwrap_or_default()),
            came_from: None,
        }
    }

    /// A patient whom the uploader named, or who is certain by number and name. Everything else is for a person to say.
    pub(super) async fn match_certain(
        &self,
        new: &NewUpload,
        customer: CustomerId,
        body: &DocumentBody,
    ) -> Result<Option<PatientId>, CustodyError> {
        if let Some(id) = new.patient {
            return match self.store().patient_fetch(id).await? {
                Some(patient) if patient.customer == customer && patient.linked_to.is_none() => Ok(Some(id)),
                _ => Err(CustodyError::field("patient", "Choose a patient of this practice")),
            };
        }
        match self.patients_certain(customer, std::iter::once(&body.said)).await?[..] {
            [ByNumber::One(id)] => Ok(Some(id)),
            _ => Ok(None),
        }
    }

    /// The one clinician of this practice who is called so.
    pub(super) async fn author_named(
        &self,
        customer: CustomerId,
        said: &str,
    ) -> Result<Option<PersonId>, CustodyError> {
        let wanted = name_key(said);
        if wanted.is_empty() {
            return Ok(None);
        }
        let now = self.now();
        let mut found = None;
        for one in self.store().membership_list_at(Some(customer)).await? {
            if one.role != record::Role::Clinician || !one.in_force(now) {
                continue;
            }
            let name = self.directory_entry(one.person).await?.map(|entry| entry.name).unwrap_or_default();
            if name_key(&name) == wanted {
                if found.is_some_and(|other| other != one.person) {
                    return Ok(None);
                }
                found = Some(one.person);
            }
        }
        Ok(found)
    }
}

/// Surname and given name out of "Lee, Mary Ann" or "Mary Ann Lee".
pub(super) fn split_name(text: &str) -> (String, String) {
    let text = text.trim();
    match text.split_once(',') {
        Some((last, first)) => (last.trim().to_owned(), first.trim().to_owned()),
        None => match text.rsplit_once(' ') {
            Some((first, last)) => (last.trim().to_owned(), first.trim().to_owned()),
            None => (text.to_owned(), String::new()),
        },
    }
}

/// A person's name as it is compared: without titles and degrees, letters only, sorted.
pub(super) fn name_key(text: &str) -> String {
    const TITLES: &[&str] = &["dr", "md", "do", "np", "pa", "rn", "phd", "dpm", "dds", "mr", "ms", "mrs", "prof"];
    let mut words: Vec<String> = text
        .to_lowercase()
        .split(|one: char| !one.is_alphabetic())
        .filter(|word| word.chars().count() > 1 && !TITLES.contains(word))
        .map(ToOwned::to_owned)
        .collect();
    words.sort_unstable();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{name_key, split_name};

    #[test]
    fn names_are_compared_without_titles_and_order() {
        assert_eq!(name_key("Dr. Ana Reyes, MD"), name_key("REYES, ANA"));
        assert_ne!(name_key("Ana Reyes"), name_key("Anna Reyes"));
        assert_eq!(name_key("Dr. M.D."), "");
        assert_eq!(split_name("Lee, Mary Ann"), ("Lee".to_owned(), "Mary Ann".to_owned()));
        assert_eq!(split_name("Mary Ann Lee"), ("Lee".to_owned(), "Mary Ann".to_owned()));
    }
}
