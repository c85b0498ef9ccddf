//! Families: who lives together, who decides for whom, who are patients.
//!
//! What must always hold: every guardian was born at least fifteen years before the child (parents) and every child was
//! born by the reference date; twins share a birth date; a household depends on the seed, its practice and its number only.
//!
//! What it refuses to know: illnesses, visits, bills.

mod shape;

use crate::calendar::Date;
use crate::dice::Dice;
use crate::people::{
    Address, Custody, Name, Origin, Person, Relation, Sex, Tie, family as family_name, given as given_name,
};
use crate::practice::{Kind, Practice};
pub(crate) use shape::Shape;

/// Somebody whom the practice treats, before anything happened to them.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) person: Person,
    pub(crate) ties: Vec<Tie>,
    /// Born with others on the same day.
    pub(crate) twin: bool,
    /// What they were registered as before they had a name: `BABY BOY`.
    pub(crate) newborn_as: Option<&'static str>,
    /// Their place among the adults, when they are one of them.
    pub(crate) is_adult: Option<usize>,
    pub(crate) language: &'static str,
}

/// People who belong together.
#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub(crate) shape: Shape,
    pub(crate) adults: Vec<Person>,
    pub(crate) members: Vec<Member>,
    /// They have put off, or refused, vaccines.
    pub(crate) vaccines: Attitude,
    pub(crate) school: &'static str,
    pub(crate) employer: &'static str,
}

/// What a family makes of the schedule of vaccines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attitude {
    OnTime,
    Behind,
    RefusesSome,
    RefusesAll,
}

/// What rolling a household needs.
pub(crate) struct Rolling<'a> {
    pub(crate) practice: &'a Practice,
    pub(crate) reference: Date,
}

impl Rolling<'_> {
    /// One household with at least one patient and at most `room`.
    pub(crate) fn household(&self, dice: &mut Dice, room: usize) -> Household {
        let shape = Shape::roll(dice, self.practice.kind);
        let origin = Origin::roll(dice);
        let surname = family_name(dice, origin);
        let address = Address::roll(dice, self.practice.city);
        let mut household = Household {
            shape,
            adults: Vec::new(),
            members: Vec::new(),
            vaccines: dice.weighted(&[
                (78, Attitude::OnTime),
                (15, Attitude::Behind),
                (5, Attitude::RefusesSome),
                (2, Attitude::RefusesAll),
            ]),
            school: dice.pick(crate::lists::places().of("school")),
            employer: dice.pick(crate::lists::places().of("employer")),
        };
        let home = Home { origin, surname, address };
        if shape.has_children() {
            let births = self.births(dice);
            let oldest = births.iter().map(|(born, _)| *born).min().unwrap_or(self.reference);
            self.guardians(dice, &mut household, &home, oldest);
            for (born, twin) in births {
                self.child(dice, &mut household, &home, (born, twin));
            }
        } else {
            self.grown(dice, &mut household, &home);
        }
        if shape.has_children() && self.practice.kind == Kind::Families {
            self.adult_patients(dice, &mut household);
        }
        household.members.truncate(room.max(1));
        household
    }

    /// Birth dates of the children, the oldest first, and whether each is a twin.
    fn births(&self, dice: &mut Dice) -> Vec<(Date, bool)> {
        let count = dice.weighted(&[(30, 1), (38, 2), (20, 3), (8, 4), (4, 5)]);
        let newborn = dice.chance(60);
        let youngest_days = if newborn { dice.between(0, 27) } else { dice.between(0, 20 * 365) };
        let mut born = self.reference.plus_days(-youngest_days);
        let mut births = Vec::new();
        for _ in 0..count {
            let twins = dice.chance(35);
            births.push((born, twins));
            if twins {
                births.push((born, true));
            }
            born = born.plus_days(-dice.between(390, 1_700));
        }
        // Those over twenty-one have left a practice for children.
        let first = self.reference.plus_years(-21);
        births.retain(|(born, _)| *born > first);
        births.reverse();
        births
    }

    fn guardians(&self, dice: &mut Dice, household: &mut Household, home: &Home, oldest: Date) {
        for relation in household.shape.guardians(dice) {
            let years = match relation {
                Relation::Grandmother | Relation::Grandfather => dice.between(42, 66),
                Relation::Aunt | Relation::LegalGuardian | Relation::FosterParent => dice.between(24, 52),
                Relation::Father | Relation::Stepfather => dice.between(18, 40),
                Relation::Mother | Relation::Stepmother | Relation::Spouse => dice.between(16, 36),
            };
            let born = oldest.plus_days(-years * 365 - dice.between(20, 360));
            let at = household.adults.len();
            let elsewhere = household.shape.lives_elsewhere(at);
            let other_name = at > 0 && (elsewhere || dice.chance(250)) || household.shape.is_by_order();
            let sex = relation_sex(dice, relation);
            let adult = adult(dice, home, (sex, born), (other_name, elsewhere));
            household.adults.push(adult);
        }
    }

    fn child(&self, dice: &mut Dice, household: &mut Household, home: &Home, (born, twin): (Date, bool)) {
        let sex = Sex::roll(dice);
        let mut name = home.name(dice, sex, false);
        // No two children of one family are called alike.
        while household.members.iter().any(|member| member.person.name.given == name.given) {
            name = home.name(dice, sex, false);
        }
        if sex == Sex::Male && dice.chance(25) {
            name.suffix = Some(dice.pick(crate::lists::names().of("suffix")));
        }
        let mut person = Person::roll(dice, name, sex, born, home.address.clone());
        let age_days = born.days_to(self.reference);
        if age_days < 13 * 365 {
            // A small child has its guardian's telephone and no mail of its own.
            person.email = None;
            if let Some(adult) = household.adults.first() {
                person.phone.clone_from(&adult.phone);
            }
        }
        let unnamed = age_days < 28 || dice.chance(40);
        let newborn_as = unnamed.then_some(sex.say("BABY GIRL", "BABY BOY"));
        let is_grown = born.years_to(self.reference) >= 18;
        let ties = household.shape.ties(dice, &household.adults, (self.reference, born, is_grown));
        let language = home.origin.language(dice);
        household.members.push(Member { person, ties, twin, newborn_as, is_adult: None, language });
    }

    /// Adults without children: alone, or two of them.
    fn grown(&self, dice: &mut Dice, household: &mut Household, home: &Home) {
        let years = dice.weighted(&[(30, 24), (30, 42), (25, 60), (12, 74), (3, 90)]) + dice.between(0, 10);
        let born = self.reference.plus_days(-years * 365 - dice.between(1, 364));
        let count = if household.shape == Shape::Couple { 2 } else { 1 };
        let first_sex = Sex::roll(dice);
        for at in 0..count {
            let sex = if at == 1 && dice.chance(880) { first_sex.other() } else { first_sex };
            let born = born.plus_days(if at == 1 { dice.between(-2_000, 2_000) } else { 0 });
            let other_name = at == 1 && dice.chance(300);
            household.adults.push(adult(dice, home, (sex, born), (other_name, false)));
        }
        let language = home.origin.language(dice);
        for at in 0..count {
            let other = (count == 2).then(|| 1 - at);
            household.members.push(grown_member(household.adults[at].clone(), (at, other), language));
        }
    }

    /// Some parents are patients of the same practice.
    fn adult_patients(&self, dice: &mut Dice, household: &mut Household) {
        for at in 0..household.adults.len() {
            let of_age = household.adults[at].born.years_to(self.reference) >= 18;
            if !of_age || household.shape.lives_elsewhere(at) || !dice.chance(450) {
                continue;
            }
            let person = household.adults[at].clone();
            household.members.push(grown_member(person, (at, None), "en"));
        }
    }
}

/// What a family shares.
struct Home {
    origin: Origin,
    surname: String,
    address: Address,
}

impl Home {
    fn name(&self, dice: &mut Dice, sex: Sex, other_name: bool) -> Name {
        // Some families are of two origins, and children's given names follow fashion.
        let origin = if dice.chance(150) { Origin::roll(dice) } else { self.origin };
        let family = if other_name {
            let origin = if dice.chance(600) { self.origin } else { origin };
            family_name(dice, origin)
        } else {
            self.surname.clone()
        };
        let middle = match dice.below(10) {
            0..=3 => Some(given_name(dice, origin, sex)),
            4..=5 => Some(format!("{}", char::from(b'A' + dice.below(26) as u8))),
            _ => None,
        };
        Name { given: given_name(dice, origin, sex), middle, family, suffix: None }
    }
}

fn adult(dice: &mut Dice, home: &Home, (sex, born): (Sex, Date), (other_name, elsewhere): (bool, bool)) -> Person {
    let name = home.name(dice, sex, other_name);
    let mut address = home.address.clone();
    if elsewhere {
        let city = format!("{}/{}/{}/{}", address.city, address.state, &address.zip[..3], address.area_code);
        let near = crate::lists::places().of("city").iter().find(|item| **item == city);
        address = near.map_or(address, |item| Address::roll(dice, item));
    }
    Person::roll(dice, name, sex, born, address)
}

fn grown_member(person: Person, (at, other): (usize, Option<usize>), language: &'static str) -> Member {
    let ties = other.map(|adult| Tie { adult, relation: Relation::Spouse, custody: Custody::Kin, order: None });
    Member { person, ties: ties.into_iter().collect(), twin: false, newborn_as: None, is_adult: Some(at), language }
}

fn relation_sex(dice: &mut Dice, relation: Relation) -> Sex {
    match relation {
        Relation::Mother | Relation::Stepmother | Relation::Grandmother | Relation::Aunt => Sex::Female,
        Relation::Father | Relation::Stepfather | Relation::Grandfather => Sex::Male,
        Relation::FosterParent | Relation::LegalGuardian | Relation::Spouse => Sex::roll(dice),
    }
}
