//! Days, numbers and places in slots, as hands and tongues vary them.
//!
//! What must always hold: what is spoken is spelt out and still marked as what it is.
//!
//! What it refuses to know: people.

use crate::calendar::{Date, MONTHS};
use crate::lists::places;
use crate::note::grammar::Writer;
use crate::note::kind;
use crate::people::Address;
use crate::reserved;
use crate::words::{ordinal, spoken_address, spoken_date, spoken_digits};

const WEEKDAYS: [&str; 5] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

impl Writer<'_, '_> {
    pub(super) fn fill_day(&mut self, slot: &str) -> bool {
        let (born, seen) = (self.facts.patient.member.person.born, self.facts.date);
        match slot {
            "dob" => self.date(born, true),
            "date_visit" => self.date(seen, true),
            "date_soon" => {
                let days = self.dice.between(1, 40);
                self.date(seen.plus_days(days), false);
            }
            "date_past" => {
                let days = born.days_to(seen).min(500);
                let back = self.dice.between(0, days);
                self.date(seen.plus_days(-back), false);
            }
            "today" if self.dice.chance(500) => self.note.say("today"),
            "today" => {
                self.note.say("on ");
                self.date(seen, false);
            }
            "month_past" => {
                let back = self.dice.between(1, 11);
                let (_, month, _) = seen.plus_months(-back).parts();
                self.note.phi(kind::DATE, MONTHS[(month - 1) as usize]);
            }
            "weekday_past" => {
                let day = self.dice.pick(&WEEKDAYS);
                let form = self.dice.pick(&["last ", "", "this past "]);
                self.note.say(&format!("{form}{day}"));
            }
            "year_past" => {
                let years = born.years_to(seen).clamp(0, 9);
                let back = self.dice.between(0, years);
                self.note.say(&(seen.year() - back).to_string());
            }
            "time" => {
                let (hour, minute) = (self.dice.between(8, 17), self.dice.between(0, 11) * 5);
                self.note.say(&format!("{hour}:{minute:02}"));
            }
            _ => return false,
        }
        true
    }

    /// A date in one of the forms in which people write it; with its year where `whole`.
    fn date(&mut self, date: Date, whole: bool) {
        let (year, month, day) = date.parts();
        let name = MONTHS[(month - 1) as usize];
        let form = self.dice.below(if whole { 7 } else { 9 });
        let text = match form {
            _ if self.note.voice.is_spoken() => spoken_date(date),
            0 | 1 => date.us().to_string(),
            2 => format!("{month}/{day}/{:02}", year % 100),
            3 => format!("{name} {day}, {year}"),
            4 => format!("{} {day}, {year}", &name[..3]),
            5 => date.iso().to_string(),
            6 => format!("{day} {name} {year}"),
            7 => format!("{name} {day}"),
            _ => format!("{month}/{day}"),
        };
        self.note.phi(kind::DATE, &text);
    }

    pub(super) fn fill_number(&mut self, slot: &str) -> bool {
        let facts = self.facts;
        let vitals = facts.vitals;
        let of = |read: fn(crate::chart::Vitals) -> String, missing: &str| vitals.map_or(missing.to_owned(), read);
        let tenth = |value: i32| format!("{}.{}", value / 10, value % 10);
        let text = match slot {
            "n" => self.dice.between(2, 9).to_string(),
            "temp" => {
                let measured = vitals.map_or(986, |vitals| vitals.temperature);
                tenth(measured)
            }
            "sat" => of(|vitals| vitals.saturation.to_string(), "98"),
            "rr" => of(|vitals| vitals.breaths.to_string(), "18"),
            "pulse" => of(|vitals| vitals.pulse.to_string(), "84"),
            "weight" => vitals.map_or_else(|| "20.5".to_owned(), |vitals| tenth(vitals.weight)),
            "height" => vitals.map_or_else(|| "110".to_owned(), |vitals| tenth(vitals.height)),
            "head_note" => {
                vitals.and_then(|it| it.head).map_or_else(String::new, |head| format!(", head {} cm", tenth(head)))
            }
            "percent_note" => vitals
                .and_then(|it| it.percentile)
                .map_or_else(String::new, |percentile| format!(" ({} percentile)", ordinal(percentile))),
            "tanner" => self.dice.pick(&["1", "2", "3", "I", "II"]).to_owned(),
            _ => return self.fill_own_number(slot),
        };
        self.note.say(&text);
        true
    }

    /// Numbers that are somebody's.
    fn fill_own_number(&mut self, slot: &str) -> bool {
        let facts = self.facts;
        let (patient, practice) = (facts.patient, facts.scene.practice);
        match slot {
            "mrn" => self.digits(kind::MRN, &patient.mrn),
            "account" => self.digits(kind::ACCOUNT, &patient.account),
            "member" => match &patient.coverage {
                Some(coverage) => self.digits(kind::HEALTH_PLAN, &coverage.member),
                None => self.note.say("none"),
            },
            "ssn" => match &patient.member.person.ssn {
                Some(ssn) => self.digits(kind::SSN, ssn),
                None => self.note.say("not given"),
            },
            "npi" => self.digits(kind::LICENSE, &facts.provider.npi),
            "device" => {
                let serial = format!("SN{:07}", self.dice.below(10_000_000));
                self.digits(kind::DEVICE, &serial);
            }
            "phone" => self.telephone(kind::PHONE, &practice.phone),
            "fax" => self.telephone(kind::FAX, &practice.fax),
            "guardian_phone" => self.telephone(kind::PHONE, &facts.contact.phone),
            "guarantor_phone" => self.telephone(kind::PHONE, &facts.guarantor.1),
            "guardian_email" => {
                let own = facts.contact.email.clone();
                let name = &facts.contact.name;
                let made = own.unwrap_or_else(|| reserved::email(self.dice, &name.given, &name.family, 1988));
                let said = if self.note.voice.is_spoken() { spoken_address(&made).replace('.', "") } else { made };
                self.note.phi(kind::EMAIL, &said);
            }
            "url" => {
                let said = if self.note.voice.is_spoken() {
                    spoken_address(practice.url.trim_start_matches("https://"))
                } else {
                    practice.url.clone()
                };
                self.note.phi(kind::URL, &said);
            }
            _ => return false,
        }
        true
    }

    /// Letters and digits as they stand, or one by one when spoken.
    fn digits(&mut self, kind: &'static str, text: &str) {
        let said = if self.note.voice.is_spoken() { spoken_digits(text) } else { text.to_owned() };
        self.note.phi(kind, &said);
    }

    /// `(541) 555-0142` and the other ways to write it.
    fn telephone(&mut self, kind: &'static str, number: &str) {
        if self.note.voice.is_spoken() {
            self.digits(kind, number);
            return;
        }
        let (area, rest) = (&number[1..4], &number[6..]);
        let form = self.dice.below(7);
        let text = match form {
            0 => format!("{area}-{rest}"),
            1 => format!("{area}.{}", rest.replace('-', ".")),
            2 => rest.to_owned(),
            3 => format!("1-{area}-{rest}"),
            4 => format!("{area} {}", rest.replace('-', " ")),
            _ => number.to_owned(),
        };
        self.note.phi(kind, &text);
    }

    pub(super) fn fill_place(&mut self, slot: &str) {
        let facts = self.facts;
        let household = facts.scene.household;
        match slot {
            "city" => {
                let city = self.dice.pick(places().of("city")).split('/').next().unwrap_or_default();
                self.note.phi(kind::PLACE, city);
            }
            "address" => self.address(&facts.patient.member.person.address),
            "payer" => {
                let payer =
                    facts.patient.coverage.as_ref().map(|coverage| facts.scene.practice.payers[coverage.payer].name);
                match payer {
                    Some(name) => self.note.phi(kind::ORGANIZATION, name),
                    None => self.note.say("self-pay"),
                }
            }
            "practice" => self.note.phi(kind::ORGANIZATION, &facts.scene.practice.name),
            "hospital" => self.note.phi(kind::ORGANIZATION, facts.scene.practice.hospital),
            "employer" => self.note.phi(kind::ORGANIZATION, household.employer),
            "school_or_work" => {
                let (place, own) =
                    if facts.years < 18 { ("school", household.school) } else { ("work", household.employer) };
                if self.dice.chance(350) { self.note.phi(kind::ORGANIZATION, own) } else { self.note.say(place) }
            }
            _ => {}
        }
    }

    /// Street, city, state and ZIP code on one line.
    pub(in crate::note) fn address(&mut self, address: &Address) {
        let spoken = self.note.voice.is_spoken();
        self.address_divided(address, if spoken { " " } else { ", " });
    }

    /// The same on two lines, as on the head of a letter.
    pub(in crate::note) fn letter_address(&mut self, address: &Address) {
        self.address_divided(address, "\n");
    }

    fn address_divided(&mut self, address: &Address, between: &str) {
        let street = match address.unit {
            Some(unit) => format!("{} {unit}", address.street),
            None => address.street.clone(),
        };
        let spoken = self.note.voice.is_spoken();
        self.note.phi(kind::ADDRESS, &street);
        self.note.say(between);
        self.note.phi(kind::PLACE, address.city);
        self.note.say(if spoken { " " } else { ", " });
        self.note.say(address.state);
        self.note.say(" ");
        let zip = if spoken { spoken_digits(&address.zip) } else { address.zip.clone() };
        self.note.phi(kind::ZIP, &zip);
    }
}
