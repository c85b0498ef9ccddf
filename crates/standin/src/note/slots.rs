//! What stands in the slots of a sentence: names, dates, numbers of this patient, in the many ways in which people write them.
//!
//! What must always hold: whatever tells who somebody is goes through [`super::Note::phi`], everything else does not.
//!
//! What it refuses to know: which sentences there are.

mod facts;
mod said;

use super::grammar::Writer;
use super::kind;
use crate::people::{Name, Relation};
use crate::words::{capital, spoken};
pub(super) use facts::Facts;

/// Every slot that there is, for the test that looks at templates.
#[cfg(test)]
pub(super) const SLOTS: &[&str] = &[
    "Patient",
    "Mr_family",
    "given",
    "family",
    "patient_turned",
    "age",
    "person",
    "he",
    "He",
    "him",
    "his",
    "pastime",
    "food",
    "topic",
    "milestone",
    "worry",
    "head_note",
    "percent_note",
    "complaint",
    "problem",
    "complaint_or_problem",
    "drug",
    "Drug",
    "n",
    "month_past",
    "weekday_past",
    "year_past",
    "date_past",
    "date_visit",
    "date_soon",
    "dob",
    "today",
    "time",
    "Guardian_says",
    "the_guardian",
    "The_guardian",
    "guardian_name",
    "Guardian_name",
    "relation",
    "guardian_phone",
    "guardian_email",
    "guardian_job",
    "phone",
    "fax",
    "household",
    "Household_line",
    "school_or_work",
    "city",
    "address",
    "exposure",
    "payer",
    "member",
    "account",
    "mrn",
    "ssn",
    "npi",
    "device",
    "url",
    "doctor",
    "doctor_full",
    "other_doctor",
    "other_doctor_full",
    "nurse",
    "degree",
    "initials",
    "practice",
    "hospital",
    "employer",
    "temp",
    "sat",
    "rr",
    "pulse",
    "weight",
    "height",
    "tanner",
    "custody_line",
    "guarantor",
    "guarantor_phone",
    "sibling",
    "Sibling",
];

impl Writer<'_, '_> {
    /// Fills one slot.
    pub(super) fn fill(&mut self, slot: &str) {
        if let Some(list) = self.list_of_age(slot) {
            self.word(list);
        } else if !(self.fill_name(slot) || self.fill_word(slot) || self.fill_day(slot) || self.fill_number(slot)) {
            self.fill_place(slot);
        }
    }

    /// The list of words that goes with this age.
    fn list_of_age(&self, slot: &str) -> Option<&'static str> {
        let facts = self.facts;
        let months = facts.patient.member.person.born.months_to(facts.date);
        Some(match (slot, months) {
            ("pastime", ..36) => "toy",
            ("pastime", 36..216) => "play",
            ("pastime", _) => "pastime",
            ("food", ..8) => "milk",
            ("food", _) => "food",
            ("topic", ..48) => "topic.small",
            ("topic", _) => "topic.school",
            ("milestone", ..12) => "milestone.first",
            ("milestone", 12..60) => "milestone.small",
            ("milestone", _) => "milestone.school",
            ("worry", ..60) => "worry.small",
            ("worry", _) => "worry.large",
            _ => return None,
        })
    }

    fn fill_name(&mut self, slot: &str) -> bool {
        let facts = self.facts;
        let (name, contact) = (&facts.patient.member.person.name, &facts.contact);
        match slot {
            "Patient" => self.patient(name),
            "Mr_family" if facts.years >= 16 => {
                self.note.say(facts.patient.sex().say("Ms. ", "Mr. "));
                self.note.phi(kind::NAME, &name.family);
            }
            "Mr_family" => self.note.phi(kind::NAME, &name.short()),
            "given" => self.note.phi(kind::NAME, &name.given),
            "family" => self.note.phi(kind::NAME, &name.family),
            "patient_turned" => {
                let turned = if self.note.voice.is_spoken() { name.full() } else { name.turned() };
                self.note.phi(kind::NAME, &turned);
            }
            "guardian_name" | "Guardian_name" => self.note.phi(kind::NAME, &contact.name.short()),
            "the_guardian" | "The_guardian" => self.the_guardian(),
            "Guardian_says" => self.guardian_says(),
            "guarantor" => self.note.phi(kind::NAME, &facts.guarantor.0),
            "doctor" => self.note.phi(kind::NAME, &facts.provider.name.family),
            "doctor_full" => self.note.phi(kind::NAME, &facts.provider.name.full()),
            "other_doctor" => self.note.phi(kind::NAME, &facts.other_doctor.family),
            "other_doctor_full" => self.note.phi(kind::NAME, &facts.other_doctor.short()),
            "nurse" => self.note.phi(kind::NAME, &facts.nurse.given),
            "sibling" | "Sibling" => match facts.sibling {
                Some(sibling) => self.note.phi(kind::NAME, sibling),
                None => self.note.say("a cousin"),
            },
            _ => return false,
        }
        true
    }

    fn patient(&mut self, name: &Name) {
        let form = self.dice.below(6);
        let text = match form {
            0 => name.full(),
            1 if !self.note.voice.is_spoken() => name.turned(),
            2 => name.given.clone(),
            3 if self.facts.years >= 18 => {
                self.note.say(self.facts.patient.sex().say("Ms. ", "Mr. "));
                name.family.clone()
            }
            _ => name.short(),
        };
        self.note.phi(kind::NAME, &text);
    }

    fn the_guardian(&mut self) {
        let (facts, form) = (self.facts, self.dice.below(5));
        let relation = facts.relation_word;
        match form {
            0 => {
                self.note.say(&format!("the {relation}, "));
                self.note.phi(kind::NAME, &facts.contact.name.short());
            }
            1 => {
                self.note.say(&format!("{} {relation} ", facts.patient.sex().say("her", "his")));
                self.note.phi(kind::NAME, &facts.contact.name.given);
            }
            2 => {
                self.note.say(facts.contact.sex.say("Ms. ", "Mr. "));
                self.note.phi(kind::NAME, &facts.contact.name.family);
            }
            3 => self.note.say(&format!("the {relation}")),
            _ => self.note.say(&format!("{} {relation}", facts.patient.sex().say("her", "his"))),
        }
    }

    fn guardian_says(&mut self) {
        let facts = self.facts;
        let verb = self.dice.pick(&["says", "reports", "states", "notes", "tells us", "feels"]);
        if facts.years >= 14 && self.dice.chance(500) {
            self.note.say(&format!("{} {verb}", facts.patient.sex().say("She", "He")));
            return;
        }
        match facts.relation {
            Some(Relation::Mother) if self.dice.chance(500) => self.note.say("Mom"),
            Some(Relation::Father) if self.dice.chance(500) => self.note.say("Dad"),
            _ if self.dice.chance(350) => self.note.phi(kind::NAME, &facts.contact.name.short()),
            _ => self.note.say(&format!("The {}", facts.relation_word)),
        }
        self.note.say(&format!(" {verb}"));
    }

    fn fill_word(&mut self, slot: &str) -> bool {
        let facts = self.facts;
        let sex = facts.patient.sex();
        match slot {
            "he" => self.note.say(sex.say("she", "he")),
            "He" => self.note.say(sex.say("She", "He")),
            "his" => self.note.say(sex.say("her", "his")),
            "him" => self.note.say(sex.say("her", "him")),
            "person" => self.note.say(match facts.years {
                0 => sex.say("infant girl", "infant boy"),
                1..=12 => sex.say("girl", "boy"),
                13..=19 => sex.say("young woman", "young man"),
                _ => sex.say("woman", "man"),
            }),
            "age" => self.age(),
            "complaint" => {
                self.expand(facts.ailment.map_or("[a few questions|a general check|some tiredness]", |it| it.lay))
            }
            "problem" => self.note.say(&facts.problem.to_lowercase()),
            "complaint_or_problem" if facts.ailment.is_some() && self.dice.chance(500) => self.fill("complaint"),
            "complaint_or_problem" => self.note.say(&facts.problem.to_lowercase()),
            "drug" => self.note.say(facts.drug),
            "Drug" => self.note.say(&capital(facts.drug)),
            "relation" => self.note.say(facts.relation_word),
            "household" => self.note.say(facts.household_words),
            "Household_line" => {
                let count = self.dice.between(2, 6);
                self.note.say(&format!("Household of {}.", spoken(count)));
            }
            "exposure" => {
                let what = self.dice.pick(&[
                    "a birthday party",
                    "swimming at the lake",
                    "a camping trip",
                    "a sleepover",
                    "travel",
                    "a new food",
                    "starting day care",
                    "a long bus ride",
                ]);
                self.note.say(what);
            }
            "degree" => self.note.say(facts.provider.degree),
            "initials" => {
                let number = self.dice.between(11, 98);
                self.note.say(&format!("/trx {number}"));
            }
            "guardian_job" => {
                self.note.say(&format!("{} works at ", capital(facts.relation_word)));
                self.note.phi(kind::ORGANIZATION, facts.scene.household.employer);
            }
            "custody_line" => self.note.say(facts.custody_words),
            _ => return false,
        }
        true
    }

    fn age(&mut self) {
        let facts = self.facts;
        let months = facts.patient.member.person.born.months_to(facts.date);
        match (months, facts.years) {
            (0, _) => {
                let days = facts.patient.member.person.born.days_to(facts.date);
                self.note.say(&format!("{days}-day-old"));
            }
            (1..24, _) => self.note.say(&format!("{months}-month-old")),
            // The ninetieth year and those after tell who somebody is (45 CFR 164.514(b)(2)(i)(C)).
            (_, 90..) => {
                self.note.phi(kind::AGE, &facts.years.to_string());
                self.note.say("-year-old");
            }
            (_, years) => {
                let form = self.dice.below(3);
                self.note.say(&match form {
                    0 if years < 100 => format!("{}-year-old", spoken(years).replace(' ', "-")),
                    1 => format!("{years} year old"),
                    _ => format!("{years}-year-old"),
                });
            }
        }
    }
}
