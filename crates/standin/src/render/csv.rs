//! Tables, as a practice's older system would have exported them.
//!
//! What must always hold: cells are quoted where RFC 4180 asks for it; rows end in CRLF; columns never move.
//!
//! What it refuses to know: which rows are spoilt and why ([`crate::dirt`]).

use super::{Folder, put};
use crate::chart::Patient;
use crate::chart::dollars;
use crate::dirt;
use crate::out::{Out, Sheaf};
use crate::people::{Name, Tie};
use std::fmt;

const PATIENTS: &str = "csv/patients.csv";
const GUARDIANS: &str = "csv/guardians.csv";
const VISITS: &str = "csv/visits.csv";
const VACCINES: &str = "csv/vaccines.csv";
const CLAIMS: &str = "csv/claims.csv";
const INVOICES: &str = "csv/invoices.csv";
const DOCUMENTS: &str = "csv/documents.csv";
const PROBLEMS: &str = "csv/problems.csv";
const MEDICATIONS: &str = "csv/medications.csv";

const HEADERS: [(&str, &str); 9] = [
    (
        PATIENTS,
        "mrn,last_name,first_name,middle_name,suffix,birth_date,sex,ssn,street,unit,city,state,zip,phone,email,language,\
         provider_npi,guarantor_last_name,guarantor_first_name,guarantor_phone,payer,member_id,group_id,account,\
         registered,registered_as,comment",
    ),
    (
        GUARDIANS,
        "mrn,last_name,first_name,relationship,custody,order_number,order_date,birth_date,street,unit,city,state,zip,\
         phone,email,ssn",
    ),
    (
        VISITS,
        "visit_id,mrn,date,time,reason,diagnosis_code,diagnosis,provider_npi,weight_kg,height_cm,temperature_f,pulse,\
         respirations,saturation,systolic,diastolic,head_cm,bmi",
    ),
    (VACCINES, "mrn,date,cvx,vaccine,dose,manufacturer,lot,site,visit_id,status"),
    (CLAIMS, "claim_number,mrn,visit_id,date,payer,member_id,line,cpt,service,count,charge,diagnosis_code,status"),
    (INVOICES, "invoice_number,mrn,visit_id,date,charged,paid,written_off,owed,due,billed_to"),
    (DOCUMENTS, "document_id,mrn,visit_id,date,kind,loinc,author_npi,file"),
    (PROBLEMS, "mrn,diagnosis_code,diagnosis,since,status,visit_id"),
    (MEDICATIONS, "mrn,rxnorm,medication,directions,from,status,visit_id"),
];

/// A cell, quoted where it must be.
struct Cell<'a>(&'a str);

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains([',', '"', '\n', '\r']) || self.0.starts_with(' ') {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        } else {
            f.write_str(self.0)
        }
    }
}

/// `a,b,c` and the end of the row.
fn row(cells: &[&str]) -> String {
    let mut line = String::with_capacity(256);
    for (at, cell) in cells.iter().enumerate() {
        put!(line, "{}{}", if at > 0 { "," } else { "" }, Cell(cell));
    }
    line.push_str("\r\n");
    line
}

pub(super) fn headers<O: Out>(sheaf: &mut Sheaf<'_, O>) {
    for (path, columns) in HEADERS {
        let file = sheaf.grow(path);
        file.extend_from_slice(columns.as_bytes());
        file.extend_from_slice(b"\r\n");
    }
}

pub(super) fn patient<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>) {
    let (patient, spoilt) = (&folder.patient, &folder.spoilt);
    let mut name = patient.member.person.name.clone();
    if let Some(typo) = &spoilt.typo {
        name.family.clone_from(typo);
    }
    let line = patient_row(folder, (&patient.mrn, &name));
    let bytes = if spoilt.cp1252 { dirt::cp1252(&line) } else { line.into_bytes() };
    let file = sheaf.grow(PATIENTS);
    for _ in 0..=u8::from(spoilt.duplicate) {
        file.extend_from_slice(&bytes);
    }
    if let Some((mrn, name)) = &spoilt.second {
        let line = patient_row(folder, (mrn, name));
        file.extend_from_slice(line.as_bytes());
    }
    for tie in &patient.member.ties {
        let line = guardian_row(folder, tie);
        sheaf.grow(GUARDIANS).extend_from_slice(line.as_bytes());
    }
    visits(folder, sheaf);
    vaccines(patient, sheaf);
    claims(folder, sheaf);
    findings(patient, sheaf);
    documents(folder, sheaf);
}

fn patient_row(folder: &Folder<'_>, (mrn, name): (&str, &Name)) -> String {
    let (scene, patient, spoilt) = (&folder.scene, &folder.patient, &folder.spoilt);
    let person = &patient.member.person;
    let born = if spoilt.swapped_date { dirt::swapped(person.born).unwrap_or(person.born) } else { person.born };
    let street = if spoilt.truncated { dirt::cut(&person.address.street) } else { person.address.street.clone() };
    let guarantor = guarantor(folder);
    let coverage = patient.coverage.as_ref();
    let registered_as = patient.member.newborn_as.map(|placeholder| format!("{placeholder} {}", person.name.family));
    row(&[
        mrn,
        &name.family,
        &name.given,
        name.middle.as_deref().unwrap_or_default(),
        name.suffix.unwrap_or_default(),
        &born.us().to_string(),
        person.sex.letter(),
        person.ssn.as_deref().unwrap_or_default(),
        &street,
        person.address.unit.unwrap_or_default(),
        person.address.city,
        person.address.state,
        &person.address.zip,
        &person.phone,
        person.email.as_deref().unwrap_or_default(),
        patient.member.language,
        &scene.practice.providers[patient.provider].npi,
        guarantor.map_or("", |payer| &payer.name.family),
        guarantor.map_or("", |payer| &payer.name.given),
        guarantor.map_or("", |payer| &payer.phone),
        coverage.map_or("", |coverage| scene.practice.payers[coverage.payer].name),
        coverage.map_or("", |coverage| &coverage.member),
        coverage.map_or("", |coverage| &coverage.group),
        &patient.account,
        &patient.registered.us().to_string(),
        registered_as.as_deref().unwrap_or_default(),
        // The typographic apostrophe is what Windows-1252 is known by.
        if spoilt.cp1252 { "call mother’s cell first – not the patient’s" } else { "" },
    ])
}

/// Who pays: an adult of the household, or a grown patient.
pub(super) fn guarantor<'a>(folder: &'a Folder<'_>) -> Option<&'a crate::people::Person> {
    let patient = &folder.patient;
    let is_grown = patient.age(folder.scene.reference) >= 18;
    match patient.guarantor {
        Some(adult) => folder.scene.household.adults.get(adult),
        None => is_grown.then_some(&patient.member.person),
    }
}

fn guardian_row(folder: &Folder<'_>, tie: &Tie) -> String {
    let adult = &folder.scene.household.adults[tie.adult];
    let order = tie.order.as_ref();
    row(&[
        &folder.patient.mrn,
        &adult.name.family,
        &adult.name.given,
        tie.relation.word(),
        tie.custody.as_str(),
        order.map_or("", |(number, _)| number),
        &order.map_or_else(String::new, |(_, date)| date.us().to_string()),
        &adult.born.us().to_string(),
        &adult.address.street,
        adult.address.unit.unwrap_or_default(),
        adult.address.city,
        adult.address.state,
        &adult.address.zip,
        &adult.phone,
        adult.email.as_deref().unwrap_or_default(),
        adult.ssn.as_deref().unwrap_or_default(),
    ])
}

fn visits<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>) {
    let (patient, spoilt) = (&folder.patient, &folder.spoilt);
    let mut lines = String::new();
    let half = patient.visits.len() / 2;
    let mut of = |mrn: &str, at: usize, id: &str| {
        let visit = &patient.visits[at];
        let (vitals, code) = (&visit.vitals, visit.code(patient.age(visit.date)));
        let (systolic, diastolic) =
            vitals.pressure.map_or_else(Default::default, |(high, low)| (high.to_string(), low.to_string()));
        put!(lines, "{id},{},{},{:02}:{:02},", Cell(mrn), visit.date.us(), visit.minute / 60, visit.minute % 60);
        put!(lines, "{},{},{},", visit.reason.as_str(), code.0, Cell(code.1));
        put!(
            lines,
            "{},{},{},",
            folder.scene.practice.providers[visit.provider].npi,
            tenth(vitals.weight),
            tenth(vitals.height)
        );
        put!(lines, "{},{},{},{},", tenth(vitals.temperature), vitals.pulse, vitals.breaths, vitals.saturation);
        let (head, index) = (vitals.head.map(tenth), vitals.index.map(tenth));
        put!(lines, "{systolic},{diastolic},{},{}\r\n", head.unwrap_or_default(), index.unwrap_or_default());
    };
    for (at, visit) in patient.visits.iter().enumerate() {
        let second = spoilt.second.as_ref().filter(|_| at >= half).map(|(mrn, _)| mrn.as_str());
        of(second.unwrap_or(&patient.mrn), at, &visit.id);
    }
    if let Some(nobody) = spoilt.orphan.as_deref().filter(|_| !patient.visits.is_empty()) {
        of(nobody, 0, &format!("{}-x", patient.visits[0].id));
    }
    sheaf.grow(VISITS).extend_from_slice(lines.as_bytes());
}

/// Tenths with their point.
pub(super) fn tenth(value: i32) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn vaccines<O: Out>(patient: &Patient, sheaf: &mut Sheaf<'_, O>) {
    let mut lines = String::new();
    for vaccine in &patient.vaccines {
        let visit = vaccine.visit.map_or("", |at| &patient.visits[at].id);
        let kind = vaccine.kind;
        put!(lines, "{},{},{},{},", patient.mrn, vaccine.date.us(), kind.cvx, Cell(kind.name));
        if vaccine.refused {
            put!(lines, ",,,,{visit},refused\r\n");
        } else {
            put!(lines, "{},{},{},{},", vaccine.dose, Cell(kind.maker.1), vaccine.lot, vaccine.site.0);
            put!(lines, "{visit},{}\r\n", if vaccine.visit.is_some() { "given" } else { "historical" });
        }
    }
    sheaf.grow(VACCINES).extend_from_slice(lines.as_bytes());
}

fn claims<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>) {
    let patient = &folder.patient;
    let (mut claims, mut invoices) = (String::new(), String::new());
    for visit in &patient.visits {
        let bill = &visit.bill;
        let (code, _) = visit.code(patient.age(visit.date));
        if let Some(coverage) = &patient.coverage {
            let payer = folder.scene.practice.payers[coverage.payer].name;
            for (at, line) in bill.lines.iter().enumerate() {
                put!(claims, "{},{},{},{},", bill.number, patient.mrn, visit.id, visit.date.us());
                put!(claims, "{},{},{},{},{},", Cell(payer), coverage.member, at + 1, line.cpt, Cell(line.what));
                put!(claims, "{},{},{code},{}\r\n", line.count, dollars(line.count * line.cents), bill.status.as_str());
            }
        }
        if bill.owed > 0 {
            let to = guarantor(folder).map_or_else(String::new, |payer| payer.name.short());
            put!(invoices, "{},{},{},{},", bill.invoice, patient.mrn, visit.id, visit.date.us());
            put!(invoices, "{},{},{},", dollars(bill.charged), dollars(bill.paid), dollars(bill.written_off));
            put!(invoices, "{},{},{}\r\n", dollars(bill.owed), bill.due.us(), Cell(&to));
        }
    }
    sheaf.grow(CLAIMS).extend_from_slice(claims.as_bytes());
    sheaf.grow(INVOICES).extend_from_slice(invoices.as_bytes());
}

fn findings<O: Out>(patient: &Patient, sheaf: &mut Sheaf<'_, O>) {
    let (mut problems, mut medications) = (String::new(), String::new());
    for problem in &patient.problems {
        let status = if problem.ailment.is_chronic { "active" } else { "resolved" };
        let visit = &patient.visits[problem.visit].id;
        put!(problems, "{},{},{},", patient.mrn, problem.ailment.icd, Cell(problem.ailment.name));
        put!(problems, "{},{status},{visit}\r\n", problem.since.us());
    }
    for medication in &patient.medications {
        let drug = medication.drug;
        let status = if medication.active { "active" } else { "completed" };
        put!(medications, "{},{},{},{},", patient.mrn, drug.rxnorm, Cell(drug.form), Cell(drug.directions));
        put!(medications, "{},{status},{}\r\n", medication.from.us(), patient.visits[medication.visit].id);
    }
    sheaf.grow(PROBLEMS).extend_from_slice(problems.as_bytes());
    sheaf.grow(MEDICATIONS).extend_from_slice(medications.as_bytes());
}

fn documents<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>) {
    let patient = &folder.patient;
    let mut lines = String::new();
    for document in &folder.documents {
        let visit = document.visit.map_or("", |at| &patient.visits[at].id);
        let npi = &folder.scene.practice.providers[document.provider].npi;
        put!(lines, "{},{},{visit},{},", document.id, patient.mrn, document.date.us());
        put!(lines, "{},{},{npi},", document.style.title(), document.style.loinc().0);
        put!(lines, "text/{}.txt\r\n", document.id);
    }
    sheaf.grow(DOCUMENTS).extend_from_slice(lines.as_bytes());
}
