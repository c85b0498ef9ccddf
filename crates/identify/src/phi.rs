//! The words of what is found: kinds of identifiers and of health data, and one finding.
//!
//! What must always hold: a finding says where and what, never the text itself, so that a list of findings can be
//! kept, counted and printed without being PHI; the names of kinds are those that scripts rely on, and no name, once
//! given, is given to another kind.
//!
//! What it refuses to know: how anything is found, and what becomes of it.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

macro_rules! kinds {
    ($(#[$about:meta])* $name:ident: $($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every kind, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that scripts rely on.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownKind;
            fn from_str(text: &str) -> Result<Self, UnknownKind> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
            }
        }
    };
}

/// The text names no kind. It does not repeat the text, which may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind of finding")]
pub struct UnknownKind;

kinds! {
    /// What tells who somebody is: the eighteen identifiers of 45 CFR 164.514(b)(2)(i), some of them split.
    Identifier:
    /// (A) A name of a person, or a part of one.
    Name = "name",
    /// (C) A date with more than a year in it.
    Date = "date",
    /// (C) An age over 89.
    Age = "age",
    /// (D) A telephone number.
    Phone = "phone",
    /// (E) A fax number.
    Fax = "fax",
    /// (F) An e-mail address.
    Email = "email",
    /// (G) A social security number, and the taxpayer number that stands in for one (ITIN).
    Ssn = "ssn",
    /// (H) A medical record number, or a number of a visit, an order or a specimen.
    Mrn = "mrn",
    /// (I) A health plan beneficiary number: member, policy, group, Medicare (MBI), Medicaid.
    HealthPlan = "health_plan",
    /// (J) An account, card, bank or claim number.
    Account = "account",
    /// (K) A certificate or licence number: driver's licence, NPI, DEA, state licence.
    License = "license",
    /// (L) A vehicle identifier or plate.
    Vehicle = "vehicle",
    /// (M) A device identifier or serial number.
    Device = "device",
    /// (N) A web address.
    Url = "url",
    /// (O) An internet address.
    Ip = "ip",
    /// (B) Street, house, post office box, unit.
    Address = "address",
    /// (B) A geographic subdivision smaller than a state: city, county, precinct.
    Place = "place",
    /// (B) A ZIP code.
    Zip = "zip",
    /// An employer, a practice, a hospital, a school: names of organisations lead to people.
    Organization = "organization",
    /// (P) A biometric identifier.
    Biometric = "biometric",
    /// (Q) A full-face photograph, or a reference to one.
    Photo = "photo",
    /// (R) Any other number, characteristic or code that is one person's.
    OtherId = "other_id",
}

kinds! {
    /// What is said about somebody: kinds of health data in a manifest, without which nobody can say what was lost.
    HealthData:
    /// A disease, a symptom, a problem, or a code of one.
    Diagnosis = "diagnosis",
    /// An operation, a treatment, a test that was done.
    Procedure = "procedure",
    /// A drug, a dose, a prescription.
    Medication = "medication",
    /// A result of a laboratory or a measurement.
    Lab = "lab",
    /// A vaccination.
    Immunization = "immunization",
    /// Who insures, under which number.
    Insurance = "insurance",
    /// A claim or an invoice.
    Claim = "claim",
    /// A card, a bank account, an amount owed or paid.
    Payment = "payment",
    /// Who treated.
    Provider = "provider",
    /// Who answers for a patient who cannot.
    Guardian = "guardian",
    /// Who pays for a patient.
    Guarantor = "guarantor",
    /// Sensitive: HIV.
    Hiv = "hiv",
    /// Sensitive: mental health.
    MentalHealth = "mental_health",
    /// Sensitive: treatment of substance use (42 CFR Part 2).
    SubstanceUse = "substance_use",
    /// Sensitive: reproductive health.
    Reproductive = "reproductive",
    /// Sensitive: what an adolescent may keep from their guardians.
    AdolescentConfidential = "adolescent_confidential",
}

/// How sure a finding is, in hundredths: 100 is a number whose check digit fits and whose label says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u8);

impl Confidence {
    /// As sure as can be.
    pub const CERTAIN: Self = Self(100);
    /// From here on a finding is high: it counts for `scan --fail-on high`.
    pub const HIGH: Self = Self(80);

    /// `hundredths` of certainty; more than 100 are 100.
    #[must_use]
    pub const fn new(hundredths: u8) -> Self {
        Self(if hundredths > 100 { 100 } else { hundredths })
    }

    /// 0 to 100.
    #[must_use]
    pub const fn hundredths(self) -> u8 {
        self.0
    }
}

/// One identifier in a text: where it stands and what it is. It does not hold the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// First byte, in the text that was searched.
    pub start: usize,
    /// One past the last byte; always greater than `start`.
    pub end: usize,
    /// What it is.
    pub kind: Identifier,
    /// How sure that is.
    pub confidence: Confidence,
    /// The rule that found it, a stable name for reports and for `--explain`, such as `ssn.labelled`.
    pub rule: &'static str,
}

impl Finding {
    /// The bytes it covers.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

#[cfg(test)]
mod tests {
    use super::{Confidence, HealthData, Identifier};

    #[test]
    fn every_kind_round_trips_through_its_name_and_no_name_is_given_twice() {
        for kind in Identifier::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert!(kind.as_str().parse::<HealthData>().is_err());
        }
        for kind in HealthData::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert!("Name".parse::<Identifier>().is_err());
    }

    #[test]
    fn nothing_is_surer_than_certain() {
        assert_eq!(Confidence::new(255), Confidence::CERTAIN);
    }
}
