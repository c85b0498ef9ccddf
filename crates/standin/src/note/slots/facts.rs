//! What a note may speak of: the patient, the visit, the people around, rolled or looked up once for each document.
//!
//! What must always hold: whom an order keeps away is never the one who is called.
//!
//! What it refuses to know: sentences.

use crate::calendar::Date;
use crate::chart::{Ailment, Patient, Scene, Visit, Vitals};
use crate::dice::Dice;
use crate::household::Shape;
use crate::people::{Custody, Name, Origin, Person, Relation, Sex, family, given};
use crate::practice::Provider;

/// What is known when a document is written.
pub(crate) struct Facts<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) patient: &'a Patient,
    pub(crate) ailment: Option<&'static Ailment>,
    pub(crate) vitals: Option<Vitals>,
    pub(crate) provider: &'a Provider,
    pub(crate) date: Date,
    pub(crate) years: i32,
    /// Whom one calls; somebody made up for the note when the record names nobody.
    pub(crate) contact: Person,
    pub(crate) relation: Option<Relation>,
    pub(crate) relation_word: &'static str,
    pub(crate) other_doctor: Name,
    pub(crate) nurse: Name,
    pub(crate) sibling: Option<&'a str>,
    pub(crate) guarantor: (String, String),
    pub(crate) problem: &'static str,
    pub(crate) drug: &'static str,
    pub(crate) household_words: &'static str,
    pub(crate) custody_words: &'static str,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(
        scene: &Scene<'a>,
        patient: &'a Patient,
        dice: &mut Dice,
        (visit, provider, date): (Option<&'a Visit>, usize, Date),
    ) -> Self {
        let household = scene.household;
        let person = &patient.member.person;
        let tie = patient.contact();
        let contact = tie.map_or_else(|| somebody(dice, person), |tie| household.adults[tie.adult].clone());
        let ailment = visit.and_then(|visit| visit.ailment);
        let known = patient.problems.first().map(|problem| problem.ailment.name);
        let siblings: Vec<&str> = household
            .members
            .iter()
            .filter(|member| member.is_adult.is_none() && member.person.name != person.name)
            .map(|member| member.person.name.given.as_str())
            .collect();
        let payer = patient.guarantor.map_or(person, |adult| &household.adults[adult]);
        let fallback = ["acetaminophen", "saline spray", "vitamin D"];
        Self {
            scene: *scene,
            patient,
            ailment,
            vitals: visit.map(|visit| visit.vitals),
            provider: &scene.practice.providers[provider],
            date,
            years: patient.age(date),
            relation: tie.map(|tie| tie.relation),
            relation_word: tie.map_or("friend", |tie| tie.relation.word()),
            contact,
            other_doctor: anybody(dice),
            nurse: anybody(dice),
            sibling: (!siblings.is_empty()).then(|| dice.pick(&siblings)),
            guarantor: (payer.name.short(), payer.phone.clone()),
            problem: ailment.map(|ailment| ailment.name).or(known).unwrap_or("general health supervision"),
            drug: ailment.and_then(|it| it.drug).map_or_else(|| dice.pick(&fallback), |drug| drug.name),
            household_words: household_words(household.shape, patient.age(date)),
            custody_words: custody_words(patient),
        }
    }
}

fn anybody(dice: &mut Dice) -> Name {
    let origin = Origin::roll(dice);
    let sex = Sex::roll(dice);
    Name { given: given(dice, origin, sex), middle: None, family: family(dice, origin), suffix: None }
}

fn somebody(dice: &mut Dice, near: &Person) -> Person {
    let name = anybody(dice);
    let born = near.born.plus_days(-dice.between(0, 3_000));
    let sex = Sex::roll(dice);
    let mut person = Person::roll(dice, name, sex, born, near.address.clone());
    person.ssn = None;
    person
}

fn household_words(shape: Shape, years: i32) -> &'static str {
    match shape {
        Shape::Couple => "a spouse",
        Shape::Single if years >= 25 => "nobody else",
        Shape::Single => "a roommate",
        // Parents who are patients themselves, and children long grown.
        _ if years >= 25 => "family",
        Shape::MotherAndFather => "both parents",
        Shape::TwoMothers => "two mothers",
        Shape::TwoFathers => "two fathers",
        Shape::Divorced => "one parent each week in turn",
        Shape::MotherAlone | Shape::Protected => "mother",
        Shape::FatherAlone => "father",
        Shape::Step => "a parent and a step-parent",
        Shape::Grandparents => "grandparents",
        Shape::Foster => "a foster family",
        Shape::Guardian => "a legal guardian",
        Shape::Nobody => "peers in a group home",
    }
}

fn custody_words(patient: &Patient) -> &'static str {
    let has = |custody| patient.member.ties.iter().any(|tie| tie.custody == custody);
    if has(Custody::NoContact) {
        "one parent may not be given information"
    } else if has(Custody::ByOrder) {
        "guardianship by order of the court"
    } else if has(Custody::Joint) {
        "joint legal custody"
    } else {
        "no restrictions"
    }
}
