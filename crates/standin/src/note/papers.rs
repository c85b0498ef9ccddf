//! Layouts of what is written beside notes: forms for schools, letters to insurers and families, reports of operations.
//!
//! What must always hold: each says who it is about, with the numbers that its reader wants.
//!
//! What it refuses to know: how sentences are made (`grammar`).

use super::grammar::Writer;
use super::kind;
use crate::chart::Ailment;
use crate::lists::phrases;

/// Operations that anybody may need.
const ANY_OPERATION: &str = "operation.any";

impl Writer<'_, '_> {
    /// `Label: value` on a line of its own.
    fn field(&mut self, template: &str) {
        self.expand(template);
        self.note.say("\n");
    }

    /// One line of a section behind its label.
    fn answer(&mut self, label: &str, section: &str) {
        self.note.say(label);
        let line = self.dice_line(section);
        self.line(line);
        self.note.say("\n");
    }

    pub(super) fn form(&mut self) {
        self.field("[SCHOOL HEALTH FORM|Physical examination for school|STUDENT HEALTH RECORD]\n");
        self.letterhead();
        for line in [
            "[Student|Name of student|Child]: {Patient}",
            "[Date of birth|DOB]: {dob}",
            "[School|Attends]: {school_or_work}",
            "[Parent or guardian|Guardian]: {guardian_name} ({relation}), {guardian_phone}",
            "[Examined on|Date of examination]: {date_visit}",
            "[Weight|Wt] {weight} kg{percent_note}, [height|ht] {height} cm",
            "[Hearing|Hearing screen]: [passed|passed at {n}0 dB|repeat in {n} weeks]",
            "[Vision|Vision screen]: [20/20 both eyes|20/30 right, 20/20 left|glasses worn|referred]",
        ] {
            self.field(line);
        }
        self.answer("Diagnoses: ", if self.facts.ailment.is_some() { "open.follow" } else { "open.well" });
        self.answer("Restrictions: ", "form.restrict");
        self.answer("Needs at school: ", "form.needs");
        if self.dice.chance(400) {
            self.field("[Emergency contact|In an emergency call]: {guardian_name}, {guardian_phone}, {address}");
        }
        self.note.say("\n");
        self.signature();
    }

    pub(super) fn insurer(&mut self) {
        self.letterhead();
        self.field("{date_visit}\n");
        self.field("{payer}\n[Utilization Review|Appeals Department|Medical Director]\n");
        self.field("[RE|Re|Member]: {patient_turned}[, DOB {dob}|   DOB: {dob}|]");
        self.field("[Member ID|Subscriber ID|ID]: {member}[   Account: {account}|]\n");
        self.field("[To Whom It May Concern:|Dear Medical Director:|Dear Reviewer:]\n");
        self.sentence("insurer.open");
        self.sentence("insurer.why");
        self.end_paragraph();
        self.sentence("vitals");
        self.findings();
        self.sentence("insurer.why");
        self.some("extra", 250);
        self.end_paragraph();
        self.sentence("insurer.close");
        self.end_paragraph();
        self.signature();
    }

    pub(super) fn results(&mut self) {
        self.letterhead();
        self.field("{date_visit}\n");
        if self.facts.years < 18 {
            self.field("[To the family of|To the parents of|Family of] {Patient}\n{address}\n");
            self.field("Dear [{guardian_name}|family of {given}],\n");
        } else {
            self.field("{Patient}\n{address}\n");
            self.field("Dear {Mr_family},\n");
        }
        self.sentence("result.open");
        self.sentence("result.say");
        self.some("result.say", 600);
        self.end_paragraph();
        self.sentence("close.sick");
        self.line("[Call us at {phone}|Nurses: {phone}|Portal, or {phone}].");
        self.end_paragraph();
        self.signature();
    }

    pub(super) fn operation(&mut self) {
        let own = self.facts.ailment.and_then(|ailment: &'static Ailment| ailment.operation);
        let lines = phrases().of(own.unwrap_or(ANY_OPERATION));
        let mut cells = self.dice.pick(lines).splitn(4, " | ");
        let mut cell = || cells.next().unwrap_or_default();
        let (name, reason, anesthesia, steps) = (cell(), cell(), cell(), cell());
        self.field("[OPERATIVE REPORT|Operative note|PROCEDURE NOTE]");
        self.note.phi(kind::ORGANIZATION, self.facts.scene.practice.hospital);
        self.note.say("\n");
        self.header();
        self.expand("[Preoperative diagnosis|Preop diagnosis]: ");
        let from = self.note.text.len();
        self.line(reason);
        // Said once more below, in the same words.
        let reason = self.note.text[from..].to_lowercase();
        self.expand("\n[Operation|Procedure performed]: ");
        self.line(name);
        self.expand("\n[Anesthesia|Anesthetic]: ");
        self.line(anesthesia);
        self.note.say("\n");
        self.field("[Surgeon|Operator]: {other_doctor_full}[   Assistant: {doctor_full}|]");
        self.note.say("\n");
        self.heading("Indication");
        self.expand("[{Patient}, a {age} {person},|This {age} {person}|{Mr_family}] [has had|is known for|came with] ");
        self.note.say(&reason);
        self.expand(" [for {n} months|since {date_past}], {*trend} [in spite of|with] {*remedy}[ and {drug}|], [{*sign} {*when}|no {*sign}]. ");
        self.end_paragraph();
        self.heading("Procedure");
        self.expand("[After consent by|Consent was signed by] {guardian_name} [and a time-out|; time-out held], {given} was [positioned|brought to the table]. ");
        self.line(steps);
        self.end_sentence();
        self.end_paragraph();
        self.heading("Course");
        self.sentence("operation.finish");
        self.some("operation.finish", 500);
        self.end_paragraph();
        self.signature();
    }
}
