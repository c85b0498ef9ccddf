//! HL7 version 2.5.1: ADT^A04 and A08, VXU^V04, ORU^R01, MDM^T02, one file of messages each.
//!
//! What must always hold: segments end in CR; everything that could be a separator is escaped; each message has its own
//! control id; a patient who was registered before having a name comes once as the placeholder and then, as an update,
//! by name.
//!
//! What it refuses to know: local tables of a real interface.

use super::csv::{guarantor, tenth};
use super::{Folder, put};
use crate::calendar::Date;
use crate::chart::{Vaccine, Visit};
use crate::note::Document;
use crate::out::{Out, Sheaf};
use crate::people::{Address, Name, Person};
use crate::practice::Provider;
use std::fmt;

/// Text with its separators escaped (HL7 version 2.5.1, chapter 2, 2.7).
struct Safe<'a>(&'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            let escaped = match byte {
                b'|' => "\\F\\",
                b'^' => "\\S\\",
                b'&' => "\\T\\",
                b'~' => "\\R\\",
                b'\\' => "\\E\\",
                b'\n' => "\\.br\\",
                b'\r' => "",
                _ => continue,
            };
            f.write_str(&self.0[from..at])?;
            f.write_str(escaped)?;
            from = at + 1;
        }
        f.write_str(&self.0[from..])
    }
}

/// One segment: its fields by number, the ones between them empty.
fn segment(out: &mut String, name: &str, fields: &[(usize, String)]) {
    out.push_str(name);
    let mut at = 0;
    for (number, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        for _ in at..*number {
            out.push('|');
        }
        at = *number;
        out.push_str(value);
    }
    out.push('\r');
}

/// One patient's messages, as they are written.
struct Sender<'a, 'f> {
    folder: &'a Folder<'f>,
    out: String,
    count: usize,
}

pub(super) fn patient<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>) {
    let mut sender = Sender { folder, out: String::with_capacity(8_192), count: 0 };
    for _ in 0..=u8::from(folder.spoilt.duplicate) {
        sender.registrations();
    }
    sheaf.grow("hl7v2/adt.hl7").extend_from_slice(sender.taken().as_bytes());
    for (place, visit) in folder.patient.visits.iter().enumerate() {
        sender.results(visit);
        let given: Vec<&Vaccine> = folder.patient.vaccines.iter().filter(|each| each.visit == Some(place)).collect();
        if !given.is_empty() {
            sheaf.grow("hl7v2/oru.hl7").extend_from_slice(sender.taken().as_bytes());
            sender.vaccines(&given, (visit.date, visit.minute));
            sheaf.grow("hl7v2/vxu.hl7").extend_from_slice(sender.taken().as_bytes());
        }
    }
    sheaf.grow("hl7v2/oru.hl7").extend_from_slice(sender.taken().as_bytes());
    let elsewhere: Vec<&Vaccine> = folder.patient.vaccines.iter().filter(|each| each.visit.is_none()).collect();
    if !elsewhere.is_empty() {
        sender.vaccines(&elsewhere, (folder.scene.reference, 8 * 60));
        sheaf.grow("hl7v2/vxu.hl7").extend_from_slice(sender.taken().as_bytes());
    }
    for document in &folder.documents {
        sender.document(document);
    }
    sheaf.grow("hl7v2/mdm.hl7").extend_from_slice(sender.taken().as_bytes());
}

fn name(name: &Name) -> String {
    let mut out = format!("{}^{}", Safe(&name.family), Safe(&name.given));
    put!(out, "^{}^{}^^^L", Safe(name.middle.as_deref().unwrap_or_default()), name.suffix.unwrap_or_default());
    out
}

fn address(address: &Address) -> String {
    let unit = address.unit.unwrap_or_default();
    format!("{}^{}^{}^{}^{}^USA^H", Safe(&address.street), Safe(unit), Safe(address.city), address.state, address.zip)
}

/// `^PRN^PH^^1^541^5550142^^^^^(541) 555-0142`
fn phone(number: &str) -> String {
    format!("^PRN^PH^^1^{}^{}{}^^^^^{number}", &number[1..4], &number[6..9], &number[10..])
}

fn doctor(provider: &Provider) -> String {
    let name = &provider.name;
    format!("{}^{}^{}^^^^{}^^NPI^L^^^NPI", provider.npi, Safe(&name.family), Safe(&name.given), provider.degree)
}

fn moment(date: Date, minute: i32) -> String {
    format!("{}{:02}{:02}00", date.compact(), minute / 60, minute % 60)
}

impl Sender<'_, '_> {
    fn taken(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn head(&mut self, (kind, structure): (&str, &str), (date, minute): (Date, i32)) {
        self.count += 1;
        let practice = self.folder.scene.practice;
        let (code, event) = kind.split_once('^').unwrap_or((kind, ""));
        let id = format!("{}-{code}{:04}", self.folder.patient.stem, self.count);
        put!(self.out, "MSH|^~\\&|STANDIN|{}|RECEIVER|{}|", Safe(&practice.name), Safe(practice.hospital));
        put!(
            self.out,
            "{}-0500||{code}^{event}^{structure}|{id}|P|2.5.1|||AL|NE|USA|UNICODE UTF-8\r",
            moment(date, minute)
        );
    }

    fn registrations(&mut self) {
        let patient = &self.folder.patient;
        let (person, spoilt) = (&patient.member.person, &self.folder.spoilt);
        let mut known = person.name.clone();
        if let Some(placeholder) = patient.member.newborn_as {
            placeholder.clone_into(&mut known.given);
            (known.middle, known.suffix) = (None, None);
        }
        self.registration(("A04", patient.registered), (&patient.mrn, &known));
        if patient.member.newborn_as.is_some() {
            let named = patient.registered.plus_days(5).min(self.folder.scene.reference);
            self.registration(("A08", named), (&patient.mrn, &person.name));
        }
        if let Some((mrn, name)) = &spoilt.second {
            self.registration(("A04", patient.registered), (mrn, name));
        }
    }

    fn registration(&mut self, (event, on): (&str, Date), (mrn, known): (&str, &Name)) {
        let patient = &self.folder.patient;
        self.head((&format!("ADT^{event}"), "ADT_A01"), (on, 8 * 60 + 15));
        segment(&mut self.out, "EVN", &[(2, moment(on, 8 * 60 + 15))]);
        self.pid((mrn, known));
        for (at, tie) in patient.member.ties.iter().enumerate() {
            let adult = &self.folder.scene.household.adults[tie.adult];
            let relation = format!("{}^{}^HL70063", tie.relation.table_0063(), tie.relation.word());
            let fields = [
                (1, (at + 1).to_string()),
                (2, name(&adult.name)),
                (3, relation),
                (4, address(&adult.address)),
                (5, phone(&adult.phone)),
                (15, adult.sex.letter().to_owned()),
                (16, adult.born.compact().to_string()),
            ];
            segment(&mut self.out, "NK1", &fields);
        }
        self.pv1(None);
        if let Some(allergy) = patient.allergy {
            segment(
                &mut self.out,
                "AL1",
                &[(1, "1".to_owned()), (2, "DA".to_owned()), (3, format!("^{}", Safe(allergy)))],
            );
        }
        if let Some(payer) = guarantor(self.folder) {
            self.gt1(payer);
        }
        self.in1();
    }

    fn pid(&mut self, (mrn, known): (&str, &Name)) {
        let patient = &self.folder.patient;
        let (person, slug) = (&patient.member.person, &self.folder.scene.practice.slug);
        let mut mail = phone(&person.phone);
        if let Some(email) = &person.email {
            put!(mail, "~^NET^Internet^{email}");
        }
        let mut numbers = format!("{mrn}^^^{slug}^MR");
        if let Some(ssn) = &person.ssn {
            put!(numbers, "~{ssn}^^^SSA^SS");
        }
        let fields = [
            (1, "1".to_owned()),
            (3, numbers),
            (5, name(known)),
            (7, person.born.compact().to_string()),
            (8, person.sex.letter().to_owned()),
            (11, address(&person.address)),
            (13, mail),
            (15, format!("{}^^ISO639", patient.member.language)),
            (18, patient.account.clone()),
            (19, person.ssn.clone().unwrap_or_default()),
            (24, if patient.member.twin { "Y" } else { "" }.to_owned()),
        ];
        segment(&mut self.out, "PID", &fields);
    }

    fn pv1(&mut self, visit: Option<&Visit>) {
        let (patient, practice) = (&self.folder.patient, self.folder.scene.practice);
        let provider = &practice.providers[visit.map_or(patient.provider, |visit| visit.provider)];
        let fields = [
            (1, "1".to_owned()),
            (2, "O".to_owned()),
            (3, format!("{}", Safe(&practice.name))),
            (7, doctor(provider)),
            (19, visit.map_or_else(String::new, |visit| visit.id.clone())),
            (44, visit.map_or_else(String::new, |visit| moment(visit.date, visit.minute))),
        ];
        segment(&mut self.out, "PV1", &fields);
    }

    fn gt1(&mut self, payer: &Person) {
        let fields = [
            (1, "1".to_owned()),
            (3, name(&payer.name)),
            (5, address(&payer.address)),
            (6, phone(&payer.phone)),
            (8, payer.born.compact().to_string()),
            (9, payer.sex.letter().to_owned()),
            (12, payer.ssn.clone().unwrap_or_default()),
        ];
        segment(&mut self.out, "GT1", &fields);
    }

    fn in1(&mut self) {
        let (folder, patient) = (self.folder, &self.folder.patient);
        let Some(coverage) = &patient.coverage else { return };
        let payer = folder.scene.practice.payers[coverage.payer];
        let holder = coverage.subscriber.map_or(&patient.member.person, |adult| &folder.scene.household.adults[adult]);
        let tie = patient.member.ties.iter().find(|tie| Some(tie.adult) == coverage.subscriber);
        let (code, word) = tie.map_or(("SEL", "Self"), |tie| (tie.relation.insured().0, tie.relation.insured().1));
        let fields = [
            (1, "1".to_owned()),
            (2, format!("{}^{}", payer.short, payer.plan)),
            (3, payer.short.to_owned()),
            (4, Safe(payer.name).to_string()),
            (8, coverage.group.clone()),
            (12, coverage.from.compact().to_string()),
            (15, payer.plan.to_owned()),
            (16, name(&holder.name)),
            (17, format!("{code}^{word}^HL70063")),
            (18, holder.born.compact().to_string()),
            (36, coverage.member.clone()),
        ];
        segment(&mut self.out, "IN1", &fields);
    }

    /// Vital signs and results of one visit.
    fn results(&mut self, visit: &Visit) {
        let patient = &self.folder.patient;
        let when = moment(visit.date, visit.minute);
        self.head(("ORU^R01", "ORU_R01"), (visit.date, visit.minute));
        self.pid((&patient.mrn, &patient.member.person.name));
        self.pv1(Some(visit));
        let order = |at: usize, code: &str, specimen: &str| {
            let provider = doctor(&self.folder.scene.practice.providers[visit.provider]);
            let number = format!("{}-{at}", visit.id);
            vec![
                (1, at.to_string()),
                (2, number),
                (3, specimen.to_owned()),
                (4, code.to_owned()),
                (7, when.clone()),
                (16, provider),
                (22, when.clone()),
                (25, "F".to_owned()),
            ]
        };
        let vital_signs = order(1, "85353-1^Vital signs panel^LN", "");
        let laboratory: Vec<_> = visit
            .labs
            .iter()
            .enumerate()
            .map(|(at, lab)| order(at + 2, &format!("{}^{}^LN", lab.kind.loinc, Safe(lab.kind.name)), &lab.accession))
            .collect();
        segment(&mut self.out, "OBR", &vital_signs);
        for (at, (code, what, value, unit)) in measured(visit).into_iter().enumerate() {
            let fields = [
                (1, (at + 1).to_string()),
                (2, "NM".to_owned()),
                (3, format!("{code}^{what}^LN")),
                (5, value),
                (6, format!("{unit}^^UCUM")),
                (11, "F".to_owned()),
                (14, when.clone()),
            ];
            segment(&mut self.out, "OBX", &fields);
        }
        for (lab, fields) in visit.labs.iter().zip(laboratory) {
            segment(&mut self.out, "OBR", &fields);
            let is_number = !lab.kind.unit.is_empty();
            let fields = [
                (1, "1".to_owned()),
                (2, if is_number { "NM" } else { "ST" }.to_owned()),
                (3, format!("{}^{}^LN", lab.kind.loinc, Safe(lab.kind.name))),
                (5, lab.value.clone()),
                (6, if is_number { format!("{}^^UCUM", lab.kind.unit) } else { String::new() }),
                (7, if is_number { lab.kind.normal } else { "" }.to_owned()),
                (8, if lab.abnormal { "A" } else { "N" }.to_owned()),
                (11, "F".to_owned()),
                (14, when.clone()),
            ];
            segment(&mut self.out, "OBX", &fields);
        }
    }

    fn vaccines(&mut self, all: &[&Vaccine], (on, minute): (Date, i32)) {
        let patient = &self.folder.patient;
        self.head(("VXU^V04", "VXU_V04"), (on, minute));
        self.pid((&patient.mrn, &patient.member.person.name));
        for (at, vaccine) in all.iter().enumerate() {
            let id = format!("{}-{}-{}", patient.stem, vaccine.kind.cvx, vaccine.date.compact());
            let action = [(1, "RE".to_owned()), (3, format!("{id}.{at}^STANDIN"))];
            segment(&mut self.out, "ORC", &action);
            let source = if vaccine.visit.is_some() {
                "00^New immunization record^NIP001"
            } else {
                "01^Historical information - source unspecified^NIP001"
            };
            let given = !vaccine.refused;
            let fields = [
                (1, "0".to_owned()),
                (2, "1".to_owned()),
                (3, vaccine.date.compact().to_string()),
                (4, vaccine.date.compact().to_string()),
                (5, format!("{}^{}^CVX", vaccine.kind.cvx, Safe(vaccine.kind.name))),
                (6, if given { "0.5" } else { "999" }.to_owned()),
                (7, if given { "mL^^UCUM" } else { "" }.to_owned()),
                (9, if given { source } else { "" }.to_owned()),
                (15, if given { vaccine.lot.clone() } else { String::new() }),
                (
                    17,
                    if given {
                        format!("{}^{}^MVX", vaccine.kind.maker.0, Safe(vaccine.kind.maker.1))
                    } else {
                        String::new()
                    },
                ),
                (18, if given { "" } else { "00^Parental decision^NIP002" }.to_owned()),
                (20, if given { "CP" } else { "RE" }.to_owned()),
                (21, "A".to_owned()),
            ];
            segment(&mut self.out, "RXA", &fields);
            if given {
                let site = format!("{}^{}^HL70163", vaccine.site.0, vaccine.site.1);
                segment(&mut self.out, "RXR", &[(1, "C28161^Intramuscular^NCIT".to_owned()), (2, site)]);
            }
        }
    }

    fn document(&mut self, document: &Document) {
        let (patient, practice) = (&self.folder.patient, self.folder.scene.practice);
        let visit = document.visit.map(|at| &patient.visits[at]);
        let minute = visit.map_or(9 * 60, |visit| visit.minute);
        let (code, what) = document.style.loinc();
        let author = doctor(&practice.providers[document.provider]);
        self.head(("MDM^T02", "MDM_T02"), (document.date, minute));
        segment(&mut self.out, "EVN", &[(2, moment(document.date, minute))]);
        self.pid((&patient.mrn, &patient.member.person.name));
        self.pv1(visit);
        let fields = [
            (1, "1".to_owned()),
            (2, document.style.table_0270().to_owned()),
            (3, "TX".to_owned()),
            (4, moment(document.date, minute)),
            (9, author),
            (12, document.id.clone()),
            (17, "AU".to_owned()),
        ];
        segment(&mut self.out, "TXA", &fields);
        let fields = [
            (1, "1".to_owned()),
            (2, "FT".to_owned()),
            (3, format!("{code}^{what}^LN")),
            (5, Safe(&document.note.text).to_string()),
            (11, "F".to_owned()),
        ];
        segment(&mut self.out, "OBX", &fields);
    }
}

/// LOINC code, name, value and UCUM unit of what was measured.
pub(super) fn measured(visit: &Visit) -> Vec<(&'static str, &'static str, String, &'static str)> {
    let vitals = &visit.vitals;
    let mut all = vec![
        ("29463-7", "Body weight", tenth(vitals.weight), "kg"),
        ("8302-2", "Body height", tenth(vitals.height), "cm"),
        ("8310-5", "Body temperature", tenth(vitals.temperature), "[degF]"),
        ("8867-4", "Heart rate", vitals.pulse.to_string(), "/min"),
        ("9279-1", "Respiratory rate", vitals.breaths.to_string(), "/min"),
        ("2708-6", "Oxygen saturation in Arterial blood", vitals.saturation.to_string(), "%"),
    ];
    if let Some(head) = vitals.head {
        all.push(("9843-4", "Head Occipital-frontal circumference", tenth(head), "cm"));
    }
    if let Some(index) = vitals.index {
        all.push(("39156-5", "Body mass index (BMI) [Ratio]", tenth(index), "kg/m2"));
    }
    if let Some((systolic, diastolic)) = vitals.pressure {
        all.push(("8480-6", "Systolic blood pressure", systolic.to_string(), "mm[Hg]"));
        all.push(("8462-4", "Diastolic blood pressure", diastolic.to_string(), "mm[Hg]"));
    }
    all
}
