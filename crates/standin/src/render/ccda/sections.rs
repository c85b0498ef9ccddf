//! The sections of a CCD: allergies, medicines, problems, vaccines, results, vital signs, social history, encounters, payers, notes.
//!
//! What must always hold: a section without anything to say says so, with the null flavour that the standard wants.
//!
//! What it refuses to know: the header.

use super::{EXAMPLES, Safe};
use crate::render::hl7::measured;
use crate::render::{Folder, put};

const LOINC: &str = "2.16.840.1.113883.6.1";
const ICD: &str = "2.16.840.1.113883.6.90";

pub(super) fn all(folder: &Folder<'_>, out: &mut String) {
    allergies(folder, out);
    medications(folder, out);
    problems(folder, out);
    immunizations(folder, out);
    results(folder, out);
    vital_signs(folder, out);
    social_history(folder, out);
    encounters(folder, out);
    payers(folder, out);
    notes(folder, out);
}

/// Begins a section; `empty` gives it the null flavour for nothing known.
fn begin(out: &mut String, (template, version): (&str, &str), (code, title): (&str, &str), empty: bool) {
    let flavour = if empty { " nullFlavor=\"NI\"" } else { "" };
    put!(out, "<component><section{flavour}><templateId root=\"2.16.840.1.113883.10.20.22.2.{template}\"");
    if !version.is_empty() {
        put!(out, " extension=\"{version}\"");
    }
    put!(out, "/><code code=\"{code}\" codeSystem=\"{LOINC}\"/><title>{title}</title><text>");
}

const END: &str = "</section></component>\n";

/// A table: its columns, then its rows.
struct Table<'a> {
    out: &'a mut String,
    rows: usize,
}

impl<'a> Table<'a> {
    fn new(out: &'a mut String, columns: &[&str]) -> Self {
        out.push_str("<table><thead><tr>");
        for column in columns {
            put!(out, "<th>{column}</th>");
        }
        out.push_str("</tr></thead><tbody>");
        Self { out, rows: 0 }
    }
    fn row(&mut self, id: &str, cells: &[&str]) {
        self.rows += 1;
        put!(self.out, "<tr ID=\"{id}{}\">", self.rows);
        for cell in cells {
            put!(self.out, "<td>{}</td>", Safe(cell));
        }
        self.out.push_str("</tr>");
    }
    fn end(self) {
        self.out.push_str("</tbody></table></text>");
    }
}

fn allergies(folder: &Folder<'_>, out: &mut String) {
    let Some(allergy) = folder.patient.allergy else {
        begin(out, ("6.1", "2015-08-01"), ("48765-2", "Allergies"), true);
        put!(out, "No known allergies</text>{END}");
        return;
    };
    begin(out, ("6.1", "2015-08-01"), ("48765-2", "Allergies"), false);
    let mut table = Table::new(out, &["Substance", "Status"]);
    table.row("al", &[allergy, "Active"]);
    table.end();
    let day = folder.patient.registered.compact();
    put!(
        out,
        "<entry typeCode=\"DRIV\"><act classCode=\"ACT\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.30\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"al-{}\"/><code code=\"CONC\" codeSystem=\"2.16.840.1.113883.5.6\"/><statusCode code=\"active\"/><effectiveTime><low value=\"{day}\"/></effectiveTime>",
        folder.patient.stem
    );
    put!(
        out,
        "<entryRelationship typeCode=\"SUBJ\"><observation classCode=\"OBS\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.7\" extension=\"2014-06-09\"/><id root=\"{EXAMPLES}.6\" extension=\"alo-{}\"/><code code=\"ASSERTION\" codeSystem=\"2.16.840.1.113883.5.4\"/><statusCode code=\"completed\"/><effectiveTime><low value=\"{day}\"/></effectiveTime><value xsi:type=\"CD\" code=\"419199007\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Allergy to substance\"/>",
        folder.patient.stem
    );
    put!(
        out,
        "<participant typeCode=\"CSM\"><participantRole classCode=\"MANU\"><playingEntity classCode=\"MMAT\"><code nullFlavor=\"OTH\"><originalText>{}</originalText></code><name>{0}</name></playingEntity></participantRole></participant></observation></entryRelationship></act></entry>{END}",
        Safe(allergy)
    );
}

fn medications(folder: &Folder<'_>, out: &mut String) {
    let all = &folder.patient.medications;
    begin(out, ("1.1", "2014-06-09"), ("10160-0", "Medications"), all.is_empty());
    if all.is_empty() {
        put!(out, "None</text>{END}");
        return;
    }
    let mut table = Table::new(out, &["Medicine", "Directions", "From", "Status"]);
    for each in all {
        let status = if each.active { "Active" } else { "Completed" };
        table.row("me", &[each.drug.form, each.drug.directions, &each.from.us().to_string(), status]);
    }
    table.end();
    for (at, each) in all.iter().enumerate() {
        let status = if each.active { "active" } else { "completed" };
        put!(
            out,
            "<entry typeCode=\"DRIV\"><substanceAdministration classCode=\"SBADM\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.16\" extension=\"2014-06-09\"/><id root=\"{EXAMPLES}.6\" extension=\"me-{}-{at}\"/><text><reference value=\"#me{}\"/></text><statusCode code=\"{status}\"/><effectiveTime xsi:type=\"IVL_TS\"><low value=\"{}\"/></effectiveTime>",
            folder.patient.stem,
            at + 1,
            each.from.compact()
        );
        put!(
            out,
            "<consumable><manufacturedProduct classCode=\"MANU\"><templateId root=\"2.16.840.1.113883.10.20.22.4.23\" extension=\"2014-06-09\"/><manufacturedMaterial><code code=\"{}\" codeSystem=\"2.16.840.1.113883.6.88\" displayName=\"{}\"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>",
            each.drug.rxnorm,
            each.drug.name
        );
    }
    out.push_str(END);
}

fn problems(folder: &Folder<'_>, out: &mut String) {
    let all = &folder.patient.problems;
    begin(out, ("5.1", "2015-08-01"), ("11450-4", "Problems"), all.is_empty());
    if all.is_empty() {
        put!(out, "None</text>{END}");
        return;
    }
    let mut table = Table::new(out, &["Problem", "Code", "Since", "Status"]);
    for each in all {
        let status = if each.ailment.is_chronic { "Active" } else { "Resolved" };
        table.row("pr", &[each.ailment.name, each.ailment.icd, &each.since.us().to_string(), status]);
    }
    table.end();
    for (at, each) in all.iter().enumerate() {
        let (status, day) = (if each.ailment.is_chronic { "active" } else { "completed" }, each.since.compact());
        let high = if each.ailment.is_chronic {
            String::new()
        } else {
            format!("<high value=\"{}\"/>", each.since.plus_days(9).min(folder.scene.reference).compact())
        };
        put!(
            out,
            "<entry typeCode=\"DRIV\"><act classCode=\"ACT\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.3\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"pr-{}-{at}\"/><code code=\"CONC\" codeSystem=\"2.16.840.1.113883.5.6\"/><statusCode code=\"{status}\"/><effectiveTime><low value=\"{day}\"/>{high}</effectiveTime>",
            folder.patient.stem
        );
        put!(
            out,
            "<entryRelationship typeCode=\"SUBJ\"><observation classCode=\"OBS\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.4\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"pro-{}-{at}\"/><code code=\"55607006\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Problem\"><translation code=\"75326-9\" codeSystem=\"{LOINC}\" displayName=\"Problem\"/></code><text><reference value=\"#pr{}\"/></text><statusCode code=\"completed\"/><effectiveTime><low value=\"{day}\"/>{high}</effectiveTime>",
            folder.patient.stem,
            at + 1
        );
        put!(
            out,
            "<value xsi:type=\"CD\" nullFlavor=\"OTH\"><translation code=\"{}\" codeSystem=\"{ICD}\" displayName=\"{}\"/></value></observation></entryRelationship></act></entry>",
            each.ailment.icd,
            Safe(each.ailment.name)
        );
    }
    out.push_str(END);
}

fn immunizations(folder: &Folder<'_>, out: &mut String) {
    let all = &folder.patient.vaccines;
    begin(out, ("2.1", "2015-08-01"), ("11369-6", "Immunizations"), all.is_empty());
    if all.is_empty() {
        put!(out, "None</text>{END}");
        return;
    }
    let mut table = Table::new(out, &["Vaccine", "Date", "Lot", "Status"]);
    for each in all {
        let (lot, status) = if each.refused { ("", "Refused") } else { (each.lot.as_str(), "Completed") };
        table.row("im", &[each.kind.name, &each.date.us().to_string(), lot, status]);
    }
    table.end();
    for (at, each) in all.iter().enumerate() {
        put!(
            out,
            "<entry typeCode=\"DRIV\"><substanceAdministration classCode=\"SBADM\" moodCode=\"EVN\" negationInd=\"{}\"><templateId root=\"2.16.840.1.113883.10.20.22.4.52\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"im-{}-{at}\"/><statusCode code=\"completed\"/><effectiveTime value=\"{}\"/>",
            each.refused,
            folder.patient.stem,
            each.date.compact()
        );
        put!(
            out,
            "<consumable><manufacturedProduct classCode=\"MANU\"><templateId root=\"2.16.840.1.113883.10.20.22.4.54\" extension=\"2014-06-09\"/><manufacturedMaterial><code code=\"{}\" codeSystem=\"2.16.840.1.113883.12.292\" displayName=\"{}\"/>",
            each.kind.cvx,
            Safe(each.kind.name)
        );
        if !each.refused {
            put!(out, "<lotNumberText>{}</lotNumberText>", each.lot);
        }
        put!(out, "</manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>");
    }
    out.push_str(END);
}

fn results(folder: &Folder<'_>, out: &mut String) {
    let patient = &folder.patient;
    let any = patient.visits.iter().any(|visit| !visit.labs.is_empty());
    begin(out, ("3.1", "2015-08-01"), ("30954-2", "Results"), !any);
    if !any {
        put!(out, "None</text>{END}");
        return;
    }
    let mut table = Table::new(out, &["Test", "Result", "Date"]);
    let mut entries = String::new();
    for visit in &patient.visits {
        for (at, lab) in visit.labs.iter().enumerate() {
            let kind = lab.kind;
            table.row("re", &[kind.name, &format!("{} {}", lab.value, kind.unit), &visit.date.us().to_string()]);
            let value = if kind.unit.is_empty() {
                format!("<value xsi:type=\"ST\">{}</value>", lab.value)
            } else {
                format!("<value xsi:type=\"PQ\" value=\"{}\" unit=\"{}\"/>", lab.value, kind.unit)
            };
            put!(
                entries,
                "<entry typeCode=\"DRIV\"><organizer classCode=\"BATTERY\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.1\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"{}-r{at}\"/><code code=\"{}\" codeSystem=\"{LOINC}\"/><statusCode code=\"completed\"/>",
                visit.id,
                kind.loinc
            );
            put!(
                entries,
                "<component><observation classCode=\"OBS\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.2\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"{}-ro{at}\"/><code code=\"{}\" codeSystem=\"{LOINC}\" displayName=\"{}\"/><statusCode code=\"completed\"/><effectiveTime value=\"{}\"/>{value}</observation></component></organizer></entry>",
                visit.id,
                kind.loinc,
                Safe(kind.name),
                visit.date.compact()
            );
        }
    }
    table.end();
    put!(out, "{entries}{END}");
}

fn vital_signs(folder: &Folder<'_>, out: &mut String) {
    let visits = &folder.patient.visits;
    begin(out, ("4.1", "2015-08-01"), ("8716-3", "Vital Signs"), visits.is_empty());
    if visits.is_empty() {
        put!(out, "None</text>{END}");
        return;
    }
    let mut table = Table::new(out, &["Date", "What", "Value"]);
    let mut entries = String::new();
    for visit in visits {
        let day = visit.date.compact();
        put!(
            entries,
            "<entry typeCode=\"DRIV\"><organizer classCode=\"CLUSTER\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.26\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"{}-vs\"/><code code=\"46680005\" codeSystem=\"2.16.840.1.113883.6.96\" displayName=\"Vital signs\"><translation code=\"74728-7\" codeSystem=\"{LOINC}\"/></code><statusCode code=\"completed\"/><effectiveTime value=\"{day}\"/>",
            visit.id
        );
        for (code, what, value, unit) in measured(visit) {
            table.row("vs", &[&visit.date.us().to_string(), what, &format!("{value} {unit}")]);
            put!(
                entries,
                "<component><observation classCode=\"OBS\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.27\" extension=\"2014-06-09\"/><id root=\"{EXAMPLES}.6\" extension=\"{}-{code}\"/><code code=\"{code}\" codeSystem=\"{LOINC}\" displayName=\"{what}\"/><statusCode code=\"completed\"/><effectiveTime value=\"{day}\"/><value xsi:type=\"PQ\" value=\"{value}\" unit=\"{unit}\"/></observation></component>",
                visit.id
            );
        }
        entries.push_str("</organizer></entry>");
    }
    table.end();
    put!(out, "{entries}{END}");
}

/// A CCD must have this section; the sex at birth is all that is known.
fn social_history(folder: &Folder<'_>, out: &mut String) {
    let sex = folder.patient.sex();
    begin(out, ("17", "2015-08-01"), ("29762-2", "Social History"), false);
    let mut table = Table::new(out, &["What", "Value"]);
    table.row("so", &["Birth sex", sex.word()]);
    table.end();
    put!(
        out,
        "<entry typeCode=\"DRIV\"><observation classCode=\"OBS\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.200\" extension=\"2016-06-01\"/><code code=\"76689-9\" codeSystem=\"{LOINC}\" displayName=\"Sex assigned at birth\"/><text><reference value=\"#so1\"/></text><statusCode code=\"completed\"/><value xsi:type=\"CD\" code=\"{}\" codeSystem=\"2.16.840.1.113883.5.1\" displayName=\"{}\"/></observation></entry>{END}",
        sex.letter(),
        sex.word()
    );
}

fn encounters(folder: &Folder<'_>, out: &mut String) {
    let visits = &folder.patient.visits;
    begin(out, ("22.1", "2015-08-01"), ("46240-8", "Encounters"), visits.is_empty());
    if visits.is_empty() {
        put!(out, "None</text>{END}");
        return;
    }
    let mut table = Table::new(out, &["Date", "Reason", "Seen by"]);
    for visit in visits {
        let provider = &folder.scene.practice.providers[visit.provider];
        let (_, reason) = visit.code(folder.patient.age(visit.date));
        table.row("en", &[&visit.date.us().to_string(), reason, &provider.name.full()]);
    }
    table.end();
    for visit in visits {
        put!(
            out,
            "<entry typeCode=\"DRIV\"><encounter classCode=\"ENC\" moodCode=\"EVN\"><templateId root=\"2.16.840.1.113883.10.20.22.4.49\" extension=\"2015-08-01\"/><id root=\"{EXAMPLES}.6\" extension=\"{}\"/><code code=\"{}\" codeSystem=\"2.16.840.1.113883.6.12\"/><effectiveTime value=\"{}\"/></encounter></entry>",
            visit.id,
            visit.bill.lines.first().map_or("99213", |line| line.cpt),
            visit.date.compact()
        );
    }
    out.push_str(END);
}

fn payers(folder: &Folder<'_>, out: &mut String) {
    let Some(coverage) = &folder.patient.coverage else { return };
    let payer = folder.scene.practice.payers[coverage.payer];
    begin(out, ("18", "2015-08-01"), ("48768-6", "Insurance"), false);
    let mut table = Table::new(out, &["Payer", "Plan", "Member", "Group"]);
    table.row("pa", &[payer.name, payer.plan, &coverage.member, &coverage.group]);
    table.end();
    out.push_str(END);
}

/// The newest notes in full, as many systems put them in.
fn notes(folder: &Folder<'_>, out: &mut String) {
    let Some(document) = folder.documents.last() else { return };
    let (code, title) = document.style.loinc();
    put!(
        out,
        "<component><section><templateId root=\"2.16.840.1.113883.10.20.22.2.65\" extension=\"2016-11-01\"/><code code=\"{code}\" codeSystem=\"{LOINC}\"/><title>{title}</title><text>"
    );
    for paragraph in document.note.text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        put!(out, "<paragraph>{}</paragraph>", Safe(paragraph.trim()));
    }
    put!(out, "</text>{END}");
}
