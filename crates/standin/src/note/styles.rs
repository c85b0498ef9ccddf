//! The kinds of documents that a practice's people write, and the layouts that each of them likes.
//!
//! What must always hold: a document of each style says at least who it is about.
//!
//! What it refuses to know: how sentences are made (`grammar`).

use super::grammar::Writer;
use super::kind;
use super::slots::Facts;
use super::voice::{Note, Voice};
use crate::chart::{Patient, Reason, Visit};
use crate::dice::Dice;
use crate::lists::phrases;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Soap,
    Narrative,
    /// Dictated, with its punctuation said.
    Dictation,
    /// Recognised speech without any.
    Speech,
    /// To a colleague, with a patient.
    Letter,
    Discharge,
    Telephone,
    Excuse,
    /// A school's own form, filled in.
    Form,
    /// To an insurer, who should pay.
    Insurer,
    /// To the family, with results.
    Results,
    Operation,
    /// A history and physical in capitals.
    Capitals,
}

impl Style {
    pub(super) fn roll(dice: &mut Dice, visit: Option<&Visit>, patient: &Patient) -> Self {
        let is_well = visit.is_none_or(|visit| visit.reason == Reason::Well);
        let years = visit.map_or(0, |visit| patient.age(visit.date));
        if is_well {
            return dice.weighted(&[
                (40, Self::Soap),
                (24, Self::Narrative),
                (16, Self::Dictation),
                (8, Self::Speech),
                (12, Self::Capitals),
                (if (4..19).contains(&years) { 7 } else { 0 }, Self::Form),
                (4, Self::Results),
            ]);
        }
        let excuse = if (5..60).contains(&years) { 6 } else { 0 };
        dice.weighted(&[
            (26, Self::Soap),
            (16, Self::Narrative),
            (14, Self::Dictation),
            (8, Self::Speech),
            (12, Self::Letter),
            (6, Self::Discharge),
            (10, Self::Telephone),
            (excuse, Self::Excuse),
            (8, Self::Capitals),
            (if (4..19).contains(&years) { 4 } else { 0 }, Self::Form),
            (if patient.coverage.is_some() { 4 } else { 0 }, Self::Insurer),
            (5, Self::Results),
            (4, Self::Operation),
        ])
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Soap | Self::Narrative => "Progress note",
            Self::Dictation | Self::Speech => "Dictation",
            Self::Letter => "Referral letter",
            Self::Discharge => "Discharge summary",
            Self::Telephone => "Telephone encounter",
            Self::Excuse => "School or work letter",
            Self::Form => "School health form",
            Self::Insurer => "Letter to the insurer",
            Self::Results => "Letter about results",
            Self::Operation => "Operative note",
            Self::Capitals => "History and physical",
        }
    }

    /// LOINC code and name of the kind of document.
    pub(crate) const fn loinc(self) -> (&'static str, &'static str) {
        match self {
            Self::Soap | Self::Narrative | Self::Dictation | Self::Speech => ("11506-3", "Progress note"),
            Self::Letter => ("57133-1", "Referral note"),
            Self::Discharge => ("18842-5", "Discharge summary"),
            Self::Telephone => ("34748-4", "Telephone encounter Note"),
            Self::Excuse | Self::Form | Self::Insurer | Self::Results => ("51851-4", "Administrative note"),
            Self::Operation => ("11504-8", "Surgical operation note"),
            Self::Capitals => ("34117-2", "History and physical note"),
        }
    }

    /// The same as HL7 version 2 says it (table 0270), where one code stands alone.
    pub(crate) const fn table_0270(self) -> &'static str {
        match self {
            Self::Letter => "CN",
            Self::Discharge => "DS",
            Self::Capitals => "HP",
            Self::Operation => "OP",
            _ => "PN",
        }
    }

    const fn voice(self) -> Voice {
        match self {
            Self::Dictation => Voice::Spoken,
            Self::Speech => Voice::Bare,
            Self::Capitals => Voice::Capitals,
            _ => Voice::Written,
        }
    }
}

/// One document.
pub(super) fn write(facts: &Facts<'_>, style: Style, dice: &mut Dice) -> Note {
    let mut writer = Writer { note: Note::new(style.voice()), dice, facts, had: Vec::new() };
    match style {
        Style::Soap | Style::Capitals => writer.soap(),
        Style::Narrative => writer.narrative(),
        Style::Dictation | Style::Speech => writer.dictation(),
        Style::Letter => writer.letter(),
        Style::Discharge => writer.discharge(),
        Style::Telephone => writer.telephone_note(),
        Style::Excuse => writer.excuse(),
        Style::Form => writer.form(),
        Style::Insurer => writer.insurer(),
        Style::Results => writer.results(),
        Style::Operation => writer.operation(),
    }
    if style.voice() != Voice::Spoken && writer.dice.chance(180) {
        let columns = writer.dice.between(60, 78) as usize;
        writer.note.wrap(columns);
    }
    let kept = writer.note.text.trim_end().len();
    writer.note.text.truncate(kept);
    if !style.voice().is_spoken() {
        writer.note.text.push('\n');
    }
    writer.note
}

impl Writer<'_, '_> {
    /// Name, address and numbers of the practice.
    pub(super) fn letterhead(&mut self) {
        let practice = self.facts.scene.practice;
        self.note.phi(kind::ORGANIZATION, &practice.name);
        self.note.say("\n");
        self.letter_address(&practice.address);
        self.note.say("\n");
        self.expand("[Tel|Phone|T] {phone}[   |\n][Fax|F] {fax}\n");
        if self.dice.chance(400) {
            self.expand("{url}\n");
        }
        self.note.say("\n");
    }

    /// Who it is about: a line for each, or all on one.
    pub(super) fn header(&mut self) {
        let between = self.dice.pick(&["\n", "\n", "\n", "   ", " | ", "; "]);
        for line in phrases().of("demog") {
            self.expand(line);
            self.note.say(between);
        }
        if between != "\n" {
            self.note.say("\n");
        }
        let share = self.dice.pick(&[0, 150, 450, 900]);
        for line in phrases().of("insur") {
            if self.dice.chance(share) {
                self.expand(line);
                self.note.say("\n");
            }
        }
        self.note.say("\n");
    }

    pub(super) fn heading(&mut self, words: &str) {
        let form = self.dice.below(3);
        self.note.say(&match form {
            0 => format!("{}: ", words.to_uppercase()),
            1 => format!("{words}\n"),
            _ => format!("{words}: "),
        });
    }

    pub(super) fn end_paragraph(&mut self) {
        let kept = self.note.text.trim_end_matches(' ').len();
        self.note.text.truncate(kept);
        self.note.say("\n\n");
    }

    /// The opening, by what the visit was.
    fn opening(&mut self) {
        let section = match self.facts.ailment {
            None => "open.well",
            Some(ailment) if ailment.is_chronic && self.dice.chance(550) => "open.follow",
            Some(_) => "open.sick",
        };
        self.sentence(section);
    }

    pub(super) fn some(&mut self, section: &str, per_mille: u32) {
        if self.dice.chance(per_mille) {
            self.sentence(section);
        }
    }

    pub(super) fn findings(&mut self) {
        match self.facts.ailment {
            Some(ailment) => {
                self.line(ailment.exam);
                self.end_sentence();
            }
            None => self.sentence(match self.facts.years {
                ..4 => "exam.small",
                4..20 => "exam.well",
                _ => "exam.grown",
            }),
        }
    }

    fn plan(&mut self) {
        match self.facts.ailment {
            Some(ailment) => {
                self.line(ailment.plan);
                self.end_sentence();
                self.some("close.sick", 800);
            }
            None => self.sentence(if self.facts.years < 20 { "plan.well" } else { "plan.grown" }),
        }
    }

    pub(super) fn signature(&mut self) {
        let line = self.dice_line("sign");
        self.expand(line);
        self.note.say("\n");
    }

    pub(super) fn dice_line(&mut self, section: &str) -> &'static str {
        self.dice.pick(phrases().of(section))
    }

    fn soap(&mut self) {
        if self.dice.chance(350) {
            self.letterhead();
        }
        self.header();
        let headings = self.dice.pick(&[
            ["S", "O", "A/P"],
            ["Subjective", "Objective", "Assessment and Plan"],
            ["History", "Examination", "Impression and Plan"],
            ["HPI", "Physical Exam", "Plan"],
        ]);
        self.heading(headings[0]);
        self.opening();
        self.some("ros", 650);
        self.some("social", 350);
        self.end_paragraph();
        self.heading(headings[1]);
        self.sentence("vitals");
        self.findings();
        self.end_paragraph();
        self.heading(headings[2]);
        self.diagnosis();
        self.plan();
        self.some("extra", 500);
        self.end_paragraph();
        self.signature();
    }

    fn diagnosis(&mut self) {
        let facts = self.facts;
        let routine = if facts.years < 18 { "Z00.129" } else { "Z00.00" };
        let (code, name) =
            facts.ailment.map_or((routine, "Routine examination"), |ailment| (ailment.icd, ailment.name));
        let form = self.dice.below(3);
        self.note.say(&match form {
            0 => format!("{name} ({code}). "),
            1 => format!("1. {name}. "),
            _ => String::new(),
        });
    }

    fn narrative(&mut self) {
        self.header();
        self.opening();
        self.some("ros", 500);
        self.some("extra", 350);
        self.end_paragraph();
        self.sentence("vitals");
        self.findings();
        self.some("social", 300);
        self.end_paragraph();
        self.plan();
        self.some("extra", 250);
        self.end_paragraph();
        self.signature();
    }

    fn dictation(&mut self) {
        self.expand("[this is|hello this is|okay this is] [doctor |]{doctor_full} [dictating|with a note] [on|for] [patient|] {patient_turned} [date of birth|born|d o b] {dob} [medical record number|chart number|record number] {mrn} [seen|date of service|date of visit] {date_visit}");
        self.note.say("\n\n");
        self.opening();
        self.some("ros", 600);
        self.some("social", 300);
        self.note.say("\n\n");
        self.sentence("vitals");
        self.findings();
        self.note.say("\n\n");
        self.plan();
        self.some("extra", 600);
        if self.dice.chance(300) {
            self.expand(
                "[copy to|please send a copy to] [doctor|] {other_doctor_full} [at {hospital}|in {city}|fax {fax}]. ",
            );
        }
        self.expand("[end of dictation|that is all thank you|thanks]");
    }

    fn letter(&mut self) {
        self.letterhead();
        self.expand("{date_visit}\n\n");
        self.expand("[RE|Re|Regarding]: {patient_turned}[   DOB: {dob}|, DOB {dob}|, born {dob}][   MRN: {mrn}|]\n\n");
        let line = self.dice_line("letter.greet");
        self.expand(line);
        self.note.say("\n\n");
        self.sentence("letter.open");
        self.opening();
        self.some("referral.ask", 700);
        self.end_paragraph();
        self.sentence("vitals");
        self.findings();
        self.some("referral.ask", 400);
        self.some("social", 450);
        self.some("extra", 500);
        self.end_paragraph();
        self.plan();
        self.sentence("letter.close");
        self.end_paragraph();
        self.signature();
    }

    fn discharge(&mut self) {
        self.note.say("DISCHARGE SUMMARY\n");
        let facts = self.facts;
        self.note.phi(kind::ORGANIZATION, facts.scene.practice.hospital);
        self.note.say("\n");
        self.header();
        self.heading("Hospital Course");
        self.sentence("discharge.course");
        self.some("ros", 300);
        self.end_paragraph();
        self.heading("Discharge Examination");
        self.sentence("vitals");
        self.findings();
        self.end_paragraph();
        self.heading("Disposition");
        self.sentence("discharge.plan");
        self.some("extra", 600);
        self.end_paragraph();
        self.signature();
    }

    fn telephone_note(&mut self) {
        self.expand("[TELEPHONE NOTE|Phone encounter|Telephone call] {date_visit} {time}\n");
        if self.dice.chance(500) {
            self.header();
        }
        self.sentence("phone.open");
        self.some("ros", 300);
        self.sentence("phone.advice");
        self.some("extra", 500);
        self.end_paragraph();
        self.expand("[Taken by|Nurse:|RN] {nurse}[, reviewed by Dr. {doctor}|]\n");
    }

    fn excuse(&mut self) {
        self.letterhead();
        self.expand("{date_visit}\n\n");
        self.note.say("To Whom It May Concern:\n\n");
        self.sentence("school");
        self.expand("[Please call|Questions:] {phone}. ");
        self.end_paragraph();
        self.signature();
    }
}
