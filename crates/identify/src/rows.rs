//! Import tables turned into patients and people.
//!
//! Column names are compared without case, spaces and marks, so that `Last Name`, `last_name` and `LASTNAME`
//! are one. A row that cannot be taken is an error with its line number and words; no value is repeated.

use crate::{Limits, Table, TableError, read_table};
use record::civil::Day;
use record::{RelatedKind, Role};
use std::fmt;

/// Longest name, number or address that is taken, in characters.
const VALUE_CHARS_MAX: usize = 200;

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
    /// Birth date. A row has this, a record number, or both.
    pub birth_date: Option<Day>,
    /// The practice's own number for the patient.
    pub record_number: Option<String>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Guardians and guarantors of the same line.
    pub related: Vec<RelatedRow>,
}

/// One guardian or guarantor of an import. PHI; `Debug` tells the kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct RelatedRow {
    /// Guardian or guarantor.
    pub kind: RelatedKind,
    /// Surname.
    pub last_name: String,
    /// Given name.
    pub first_name: Option<String>,
    /// What they are to the patient, as the table says it.
    pub relation: Option<String>,
    /// Where they are reached.
    pub telephone: Option<String>,
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

impl fmt::Debug for RelatedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelatedRow({})", self.kind)
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

const LAST: &[&str] = &[
    "lastname",
    "last",
    "surname",
    "family",
    "familyname",
    "patientlastname",
    "patientlast",
    "lname",
    "patlast",
    "namelast",
];
const FIRST: &[&str] = &[
    "firstname",
    "first",
    "given",
    "givenname",
    "forename",
    "patientfirstname",
    "patientfirst",
    "fname",
    "patfirst",
    "namefirst",
];
const MIDDLE: &[&str] = &["middlename", "middle", "middleinitial", "mi", "patientmiddlename", "mname", "namemiddle"];
const FULL: &[&str] = &["patientname", "patient", "name", "fullname", "patientfullname"];
const BIRTH: &[&str] =
    &["dob", "birthdate", "dateofbirth", "birthday", "patientdob", "patientbirthdate", "patientdateofbirth", "bdate"];
const NUMBER: &[&str] = &[
    "mrn",
    "recordnumber",
    "recordno",
    "medicalrecordnumber",
    "medicalrecordno",
    "chart",
    "chartnumber",
    "chartno",
    "chartid",
    "patientid",
    "patientnumber",
    "patientno",
    "patientmrn",
    "ptid",
    "medrec",
    "medrecno",
];
const SEX: &[&str] = &["sex", "gender", "patientsex", "patientgender", "birthsex", "administrativesex"];
const EMAIL: &[&str] = &["email", "emailaddress", "mail"];
const ROLE: &[&str] = &["role", "roles"];
const TELEPHONE: &[&str] =
    &["telephone", "phone", "tel", "phonenumber", "telephonenumber", "mobile", "cell", "cellphone"];
const PERSON: &[&str] = &["name", "fullname", "person", "displayname"];

/// What stands before a column's name when it is about somebody around the patient: two guardians and one guarantor.
const AROUND: &[(RelatedKind, &[&str])] = &[
    (RelatedKind::Guardian, &["guardian", "guardian1", "parent", "parent1"]),
    (RelatedKind::Guardian, &["guardian2", "parent2"]),
    (RelatedKind::Guarantor, &["guarantor", "responsibleparty"]),
];
const AROUND_LAST: &[&str] = &["lastname", "last", "surname", "familyname", "family"];
const AROUND_FIRST: &[&str] = &["firstname", "first", "givenname", "given"];
const AROUND_RELATION: &[&str] = &["relation", "relationship", "relationtopatient", "relationshiptopatient"];
const AROUND_TELEPHONE: &[&str] = &["phone", "telephone", "phonenumber", "cell", "mobile"];

/// Reads patients from a table with the usual column names: surname, given name (or one column `Last, First M`),
/// middle, birth date, record number, sex; and guardians and guarantors: `guardian last name`, `guardian first name`,
/// `guardian relation`, `guardian phone`, the same with `guardian 2` and `guarantor`. Other columns are ignored.
///
/// # Errors
/// [`TableError`] when the file is no table, lacks names, or has neither birth dates nor record numbers;
/// single bad rows, and record numbers that stand twice, are in the result.
pub fn patients_from_csv(bytes: &[u8], limits: &Limits) -> Result<PatientRows, TableError> {
    let table = read_table(bytes, limits)?;
    let columns = Columns::of(&table);
    let last = columns.find(LAST, "two columns hold surnames")?;
    let first = columns.find(FIRST, "two columns hold given names")?;
    let full = if last.is_none() && first.is_none() { columns.find(FULL, "two columns hold names")? } else { None };
    if full.is_none() && (last.is_none() || first.is_none()) {
        return Err(TableError::Columns("the first line names no columns for surname and given name"));
    }
    let places = PatientPlaces {
        last,
        first,
        full,
        middle: columns.find(MIDDLE, "two columns hold middle names")?,
        birth: columns.find(BIRTH, "two columns hold birth dates")?,
        number: columns.find(NUMBER, "two columns hold record numbers")?,
        sex: columns.find(SEX, "two columns hold the sex")?,
        around: AROUND.iter().map(|(kind, who)| RelatedPlaces::find(&columns, *kind, who)).collect::<Result<_, _>>()?,
    };
    if places.birth.is_none() && places.number.is_none() {
        return Err(TableError::Columns("the first line names neither a birth date nor a record number"));
    }
    let mut seen = std::collections::HashSet::new();
    let rows = table.rows.iter().map(|(line, cells)| {
        let row = places.row(Cells { line: *line, cells, columns: table.header.len() })?;
        match &row.record_number {
            Some(number) if !seen.insert(number.clone()) => {
                Err(RowError { line: *line, what: "this record number stands in an earlier line too" })
            }
            _ => Ok(row),
        }
    });
    Ok(rows.collect())
}

/// Reads people from a table with the columns name (or given name and surname), email, role and telephone.
///
/// # Errors
/// [`TableError`] when the file is no table or lacks name, e-mail or role; single bad rows are in the result.
pub fn people_from_csv(bytes: &[u8], limits: &Limits) -> Result<PeopleRows, TableError> {
    let table = read_table(bytes, limits)?;
    let columns = Columns::of(&table);
    let name = columns.find(PERSON, "two columns hold names")?;
    let last = columns.find(LAST, "two columns hold surnames")?;
    let first = columns.find(FIRST, "two columns hold given names")?;
    if name.is_none() && (last.is_none() || first.is_none()) {
        return Err(TableError::Columns("the first line names no column for the name"));
    }
    let email = columns.find(EMAIL, "two columns hold e-mail addresses")?;
    let email = email.ok_or(TableError::Columns("the first line names no column for the e-mail address"))?;
    let role = columns.find(ROLE, "two columns hold roles")?;
    let role = role.ok_or(TableError::Columns("the first line names no column for the role"))?;
    let telephone = columns.find(TELEPHONE, "two columns hold telephone numbers")?;
    let rows = table.rows.iter().map(|(line, cells)| {
        let cells = Cells { line: *line, cells, columns: table.header.len() };
        cells.check_length()?;
        let name = match name {
            Some(name) => cells.needed(Some(name), "the name is missing")?,
            None => format!(
                "{} {}",
                cells.needed(first, "the given name is missing")?,
                cells.needed(last, "the surname is missing")?
            ),
        };
        let email = cells.needed(Some(email), "the e-mail address is missing")?.to_lowercase();
        if !is_email(&email) {
            return cells.error("this is no e-mail address");
        }
        let role = role_of(&cells.needed(Some(role), "the role is missing")?)
            .ok_or(RowError { line: *line, what: "there is no such role" })?;
        let telephone = cells.value(telephone)?;
        if telephone.as_ref().is_some_and(|number| !is_telephone(number)) {
            return cells.error("this is no telephone number");
        }
        Ok(PeopleRow { line: *line, name, email, role, telephone })
    });
    Ok(rows.collect())
}

struct Columns(Vec<String>);

impl Columns {
    fn of(table: &Table) -> Self {
        let plain = |name: &String| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Self(table.header.iter().map(plain).collect())
    }

    /// The column with one of these names. An ambiguous table is refused: guessing would mix patients up.
    fn find(&self, names: &[&str], twice: &'static str) -> Result<Option<usize>, TableError> {
        let mut found = self.0.iter().enumerate().filter(|(_, column)| names.contains(&column.as_str()));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(TableError::Columns(twice)),
            (first, _) => Ok(first.map(|(index, _)| index)),
        }
    }
}

struct Cells<'a> {
    line: u64,
    cells: &'a [String],
    columns: usize,
}

impl Cells<'_> {
    fn error<T>(&self, what: &'static str) -> Result<T, RowError> {
        Err(RowError { line: self.line, what })
    }

    /// A stray delimiter shifts every value behind it into a wrong column.
    fn check_length(&self) -> Result<(), RowError> {
        if self.cells.get(self.columns..).unwrap_or_default().iter().any(|cell| !cell.is_empty()) {
            return self.error("the row has more cells than the first line has columns");
        }
        Ok(())
    }

    fn value(&self, column: Option<usize>) -> Result<Option<String>, RowError> {
        let cell = column.and_then(|column| self.cells.get(column)).map_or("", String::as_str);
        if cell.chars().count() > VALUE_CHARS_MAX {
            return self.error("a value is too long");
        }
        Ok((!cell.is_empty()).then(|| cell.to_owned()))
    }

    fn needed(&self, column: Option<usize>, missing: &'static str) -> Result<String, RowError> {
        self.value(column)?.ok_or(RowError { line: self.line, what: missing })
    }
}

struct PatientPlaces {
    last: Option<usize>,
    first: Option<usize>,
    full: Option<usize>,
    middle: Option<usize>,
    birth: Option<usize>,
    number: Option<usize>,
    sex: Option<usize>,
    around: Vec<RelatedPlaces>,
}

struct RelatedPlaces {
    kind: RelatedKind,
    last: Option<usize>,
    first: Option<usize>,
    relation: Option<usize>,
    telephone: Option<usize>,
}

impl RelatedPlaces {
    fn find(columns: &Columns, kind: RelatedKind, who: &[&str]) -> Result<Self, TableError> {
        let find = |what: &[&str]| {
            let names: Vec<String> =
                who.iter().flat_map(|who| what.iter().map(move |what| format!("{who}{what}"))).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            columns.find(&names, "two columns say the same of a guardian or guarantor")
        };
        Ok(Self {
            kind,
            last: find(AROUND_LAST)?,
            first: find(AROUND_FIRST)?,
            relation: find(AROUND_RELATION)?,
            telephone: find(AROUND_TELEPHONE)?,
        })
    }

    fn row(&self, cells: &Cells<'_>) -> Result<Option<RelatedRow>, RowError> {
        let (first_name, relation, telephone) =
            (cells.value(self.first)?, cells.value(self.relation)?, cells.value(self.telephone)?);
        match cells.value(self.last)? {
            Some(last_name) if last_name.chars().any(char::is_alphabetic) => {
                Ok(Some(RelatedRow { kind: self.kind, last_name, first_name, relation, telephone }))
            }
            Some(_) => cells.error("a guardian's or guarantor's name has no letters"),
            None if first_name.is_some() => cells.error("a guardian or guarantor has no surname"),
            None => Ok(None),
        }
    }
}

impl PatientPlaces {
    fn row(&self, cells: Cells<'_>) -> Result<PatientRow, RowError> {
        cells.check_length()?;
        let (last_name, first_name, in_full) = match self.full {
            Some(full) => {
                let name = cells.needed(Some(full), "the name is missing")?;
                split_name(&name).ok_or(RowError { line: cells.line, what: "write the name as Last, First" })?
            }
            None => (
                cells.needed(self.last, "the surname is missing")?,
                cells.needed(self.first, "the given name is missing")?,
                None,
            ),
        };
        if [&last_name, &first_name].iter().any(|name| !name.chars().any(char::is_alphabetic)) {
            return cells.error("a name has no letters");
        }
        let birth_date = match cells.value(self.birth)? {
            Some(text) => Some(day(&text).ok_or(RowError {
                line: cells.line,
                what: "the birth date is no date; write 03/09/2017 or 2017-03-09",
            })?),
            None => None,
        };
        let record_number = cells.value(self.number)?;
        if birth_date.is_none() && record_number.is_none() {
            return cells.error("the row has neither a birth date nor a record number");
        }
        let sex = match cells.value(self.sex)? {
            Some(text) => Some(sex(&text).ok_or(RowError {
                line: cells.line,
                what: "the sex is none of female, male, other, unknown (F, M, O, U)",
            })?),
            None => None,
        };
        let middle_name = cells.value(self.middle)?.or(in_full);
        let mut related = Vec::new();
        for place in &self.around {
            related.extend(place.row(&cells)?);
        }
        Ok(PatientRow { line: cells.line, last_name, first_name, middle_name, birth_date, record_number, sex, related })
    }
}

/// `Last, First M` → (last, first, middle).
pub(crate) fn split_name(name: &str) -> Option<(String, String, Option<String>)> {
    let (last, given) = name.split_once(',')?;
    let (last, given) = (last.trim(), given.trim());
    let (first, middle) = match given.rsplit_once(' ') {
        // Only a single letter is surely a middle name: `Mary Ann` may be one given name.
        Some((first, middle)) if middle.trim_end_matches('.').chars().count() == 1 => {
            (first.trim(), Some(middle.to_owned()))
        }
        _ => (given, None),
    };
    (!last.is_empty() && !first.is_empty() && !given.contains(',')).then(|| (last.to_owned(), first.to_owned(), middle))
}

/// A date; spreadsheets append midnight.
fn day(text: &str) -> Option<Day> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let is_midnight =
        time.chars().all(|c| matches!(c, '0' | ':' | '.' | 'Z' | ' ')) || time == "12:00:00 AM" || time == "12:00 AM";
    if is_midnight { Day::read(date).ok() } else { None }
}

fn sex(text: &str) -> Option<Sex> {
    Some(match text.to_lowercase().as_str() {
        "f" | "female" | "woman" | "girl" => Sex::Female,
        "m" | "male" | "man" | "boy" => Sex::Male,
        "o" | "x" | "other" | "nonbinary" | "non-binary" | "intersex" => Sex::Other,
        "u" | "unknown" | "un" | "unk" | "undisclosed" => Sex::Unknown,
        _ => return None,
    })
}

/// As in code (`practice_manager`) or as on screen (`Practice manager`).
fn role_of(text: &str) -> Option<Role> {
    let wanted = text.to_lowercase().replace([' ', '-'], "_");
    Role::ALL
        .iter()
        .copied()
        .find(|role| role.as_str() == wanted || role.label().to_lowercase().replace([' ', '-'], "_") == wanted)
}

/// Enough to catch a wrong column; whether an address works is known when its owner answers.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && text.len() <= 254
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains('@')
        && text.chars().all(|c| c.is_alphanumeric() || "@.!#$%&'*+-/=?^_`{|}~".contains(c))
}

fn is_telephone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (7..=20).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " +-().x/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{Sex, patients_from_csv, people_from_csv};
    use crate::{Limits, TableError};
    use record::civil::Day;
    use record::{RelatedKind, Role};

    fn patients(text: &str) -> super::PatientRows {
        patients_from_csv(text.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn the_usual_column_names_are_known() {
        for header in [
            "Last Name,First Name,Middle,DOB,MRN,Sex",
            "SURNAME,given_name,MI,Birth Date,Record Number,Gender",
            "family,given,middle name,Date of Birth,Chart #,sex",
            "patient_last_name,patient_first_name,middle_initial,dateOfBirth,Patient ID,SEX",
        ] {
            let rows = patients(&format!("{header}\nLee,Zoë,A,3/9/2017,0017,f\n"));
            let row = rows[0].as_ref().unwrap();
            assert_eq!((row.last_name.as_str(), row.first_name.as_str()), ("Lee", "Zoë"), "{header}");
            assert_eq!(row.middle_name.as_deref(), Some("A"));
            assert_eq!(row.birth_date, Day::new(2017, 3, 9));
            assert_eq!(row.record_number.as_deref(), Some("0017"));
            assert_eq!((row.sex, row.line), (Some(Sex::Female), 2));
        }
    }

    #[test]
    fn guardians_and_guarantors_come_along_in_columns_of_their_own() {
        let rows = patients(
            "Last,First,MRN,Guardian Last Name,guardian_first_name,Guardian Relationship,Guardian Phone,Parent 2 Last,Guarantor Last Name\n\
             Lee,Zoë,1,Okonjo,Ines,mother,608 555 0142,Lee,Payer\nRay,Bo,2,,,,,,\nRay,Al,3,,Ines,,,,\nRay,Cy,4,12,,,,,\n",
        );
        let lee = &rows[0].as_ref().unwrap().related;
        let said: Vec<_> = lee.iter().map(|one| (one.kind, one.last_name.as_str(), one.relation.as_deref())).collect();
        let (guardian, guarantor) = (RelatedKind::Guardian, RelatedKind::Guarantor);
        assert_eq!(said, [(guardian, "Okonjo", Some("mother")), (guardian, "Lee", None), (guarantor, "Payer", None)]);
        assert_eq!((lee[0].first_name.as_deref(), lee[0].telephone.as_deref()), (Some("Ines"), Some("608 555 0142")));
        assert!(rows[1].as_ref().unwrap().related.is_empty(), "an adult has none");
        assert_eq!(rows[2].as_ref().unwrap_err().to_string(), "line 4: a guardian or guarantor has no surname");
        assert_eq!(
            rows[3].as_ref().unwrap_err().to_string(),
            "line 5: a guardian's or guarantor's name has no letters"
        );
        assert!(!format!("{lee:?}").contains("Okonjo"), "it does not print itself");
        let twice = b"last,first,mrn,guardian last,parent last\nLee,Zoe,1,A,B\n";
        assert!(matches!(patients_from_csv(twice, &Limits::default()), Err(TableError::Columns(_))));
    }

    #[test]
    fn one_column_may_hold_the_whole_name() {
        let rows =
            patients("Patient Name;DOB;Other\n\"Lee, Mary Ann B.\";2017-03-09 00:00:00;x\n\"Lee Mary\";2017-03-09;x\n");
        let row = rows[0].as_ref().unwrap();
        assert_eq!((row.first_name.as_str(), row.middle_name.as_deref()), ("Mary Ann", Some("B.")));
        assert_eq!(rows[1].as_ref().unwrap_err().to_string(), "line 3: write the name as Last, First");
    }

    #[test]
    fn bad_rows_are_named_by_line_and_words_without_their_values() {
        let rows = patients(
            "last,first,dob,mrn,sex\nLee,Ann,1/2/1990,1,F\n,Ann,1/2/1990,2,F\nLee,,1/2/1990,3,F\nLee,Ann,31/31/1990,4,F\n\
             Lee,Ann,,,F\nLee,Ann,,5,purple\nRay,Bo,,1,M\nRay,Bo,,6,M,shifted\n12,34,,7,\nRay,Bo,,8,,\nRay,Bo,,9\n",
        );
        let said: Vec<String> = rows.iter().filter_map(|row| row.as_ref().err().map(ToString::to_string)).collect();
        assert_eq!(
            said,
            [
                "line 3: the surname is missing",
                "line 4: the given name is missing",
                "line 5: the birth date is no date; write 03/09/2017 or 2017-03-09",
                "line 6: the row has neither a birth date nor a record number",
                "line 7: the sex is none of female, male, other, unknown (F, M, O, U)",
                "line 8: this record number stands in an earlier line too",
                "line 9: the row has more cells than the first line has columns",
                "line 10: a name has no letters",
            ]
        );
        assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 3);
        assert!(!format!("{rows:?}").contains("Lee"));
    }

    #[test]
    fn tables_that_cannot_be_understood_are_refused_whole() {
        let refused = |text: &str| patients_from_csv(text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(refused("a,b\n1,2\n"), TableError::Columns(_)));
        assert!(matches!(refused("last,first\nLee,Ann\n"), TableError::Columns(_)));
        assert_eq!(refused("last,surname,first,dob\n"), TableError::Columns("two columns hold surnames"));
        assert_eq!(refused(""), TableError::Empty);
    }

    #[test]
    fn people_have_a_name_an_address_and_a_role() {
        let text = "Name,E-mail,Role,Telephone\nA. Ray,Ray@Clinic.example,clinician,+1 (555) 010-9999\n\
                    B. Kim,kim@clinic.example,Practice Manager,\nC,c@x,clinician,\nD,d@clinic.example,king,\n\
                    E,e@clinic.example,auditor,call me\n,f@clinic.example,auditor,\n";
        let rows = people_from_csv(text.as_bytes(), &Limits::default()).unwrap();
        let ray = rows[0].as_ref().unwrap();
        assert_eq!((ray.email.as_str(), ray.role), ("ray@clinic.example", Role::Clinician));
        assert_eq!(rows[1].as_ref().unwrap().role, Role::PracticeManager);
        let said: Vec<String> = rows.iter().filter_map(|row| row.as_ref().err().map(ToString::to_string)).collect();
        assert_eq!(
            said,
            [
                "line 4: this is no e-mail address",
                "line 5: there is no such role",
                "line 6: this is no telephone number",
                "line 7: the name is missing",
            ]
        );
    }

    #[test]
    fn people_may_be_split_into_given_name_and_surname() {
        let rows =
            people_from_csv(b"first,last,email,role\nAnn,Lee,a@b.example,qa_editor\n", &Limits::default()).unwrap();
        assert_eq!(rows[0].as_ref().unwrap().name, "Ann Lee");
    }
}
