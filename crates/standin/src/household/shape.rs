//! The shapes that families have, and what each makes of custody.
//!
//! What must always hold: a child has 0 to 3 guardians; whoever may not be told is tied with the order that says so.
//!
//! What it refuses to know: names and dates of the people.

use crate::calendar::Date;
use crate::dice::Dice;
use crate::people::{Custody, Person, Relation, Tie};
use crate::practice::Kind;

/// How a household is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    MotherAndFather,
    TwoMothers,
    TwoFathers,
    /// Two homes, both decide.
    Divorced,
    MotherAlone,
    FatherAlone,
    /// A parent elsewhere, and a step-parent in the house.
    Step,
    /// A parent elsewhere whom an order keeps away.
    Protected,
    Grandparents,
    Foster,
    Guardian,
    /// Nobody: a ward of the state, or a youth on their own.
    Nobody,
    Single,
    Couple,
}

impl Shape {
    pub(crate) fn roll(dice: &mut Dice, kind: Kind) -> Self {
        let with_children = match kind {
            Kind::Children => 1000,
            Kind::Families => 650,
            Kind::Adults => 0,
        };
        if !dice.chance(with_children) {
            return if dice.chance(550) { Self::Couple } else { Self::Single };
        }
        dice.weighted(&[
            (46, Self::MotherAndFather),
            (4, Self::TwoMothers),
            (3, Self::TwoFathers),
            (12, Self::Divorced),
            (12, Self::MotherAlone),
            (3, Self::FatherAlone),
            (8, Self::Step),
            (2, Self::Protected),
            (4, Self::Grandparents),
            (3, Self::Foster),
            (2, Self::Guardian),
            (1, Self::Nobody),
        ])
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::MotherAndFather => "mother_and_father",
            Self::TwoMothers => "two_mothers",
            Self::TwoFathers => "two_fathers",
            Self::Divorced => "divorced",
            Self::MotherAlone => "mother_alone",
            Self::FatherAlone => "father_alone",
            Self::Step => "step",
            Self::Protected => "protected",
            Self::Grandparents => "grandparents",
            Self::Foster => "foster",
            Self::Guardian => "guardian",
            Self::Nobody => "nobody",
            Self::Single => "single",
            Self::Couple => "couple",
        }
    }

    pub(crate) const fn has_children(self) -> bool {
        !matches!(self, Self::Single | Self::Couple)
    }

    /// Guardians there bear another name than the children: a court put them there.
    pub(crate) const fn is_by_order(self) -> bool {
        matches!(self, Self::Foster | Self::Guardian)
    }

    /// Does the adult in this place live at another address.
    pub(crate) const fn lives_elsewhere(self, at: usize) -> bool {
        matches!((self, at), (Self::Divorced | Self::Step | Self::Protected, 1))
    }

    /// The adults around the children, in the order in which they are tied.
    pub(crate) fn guardians(self, dice: &mut Dice) -> Vec<Relation> {
        use Relation::{
            Aunt, Father, FosterParent, Grandfather, Grandmother, LegalGuardian, Mother, Stepfather, Stepmother,
        };
        match self {
            Self::MotherAndFather => vec![Mother, Father],
            Self::TwoMothers => vec![Mother, Mother],
            Self::TwoFathers => vec![Father, Father],
            Self::Divorced if dice.chance(500) => vec![Father, Mother],
            Self::Divorced | Self::Protected => vec![Mother, Father],
            Self::MotherAlone => vec![Mother],
            Self::FatherAlone => vec![Father],
            Self::Step if dice.chance(350) => vec![Father, Mother, Stepmother],
            Self::Step => vec![Mother, Father, Stepfather],
            Self::Grandparents if dice.chance(500) => vec![Grandmother],
            Self::Grandparents => vec![Grandmother, Grandfather],
            Self::Foster if dice.chance(400) => vec![FosterParent],
            Self::Foster => vec![FosterParent, FosterParent],
            Self::Guardian if dice.chance(500) => vec![Aunt],
            Self::Guardian => vec![LegalGuardian],
            Self::Nobody | Self::Single | Self::Couple => Vec::new(),
        }
    }

    /// What each adult is to one child.
    pub(crate) fn ties(self, dice: &mut Dice, adults: &[Person], child: (Date, Date, bool)) -> Vec<Tie> {
        let relations = self.guardians_of(adults, dice);
        let mut ties = Vec::new();
        for (adult, relation) in relations.into_iter().enumerate() {
            ties.push(self.tie(dice, (adult, adults.len()), relation, child));
        }
        ties
    }

    /// The relations that were rolled when the adults were: read back from their sexes where two are possible.
    fn guardians_of(self, adults: &[Person], dice: &mut Dice) -> Vec<Relation> {
        use crate::people::Sex::{Female, Male};
        use Relation::{Father, Mother, Stepfather, Stepmother};
        let sexes: Vec<_> = adults.iter().map(|adult| adult.sex).collect();
        match (self, sexes.as_slice()) {
            (Self::Divorced, [Male, Female]) => vec![Father, Mother],
            (Self::Divorced, _) => vec![Mother, Father],
            (Self::Step, [Male, ..]) => vec![Father, Mother, Stepmother],
            (Self::Step, _) => vec![Mother, Father, Stepfather],
            (Self::Foster, _) => vec![Relation::FosterParent; adults.len()],
            (Self::Guardian, _) => vec![Relation::LegalGuardian; adults.len()],
            (Self::Grandparents, [_]) => vec![Relation::Grandmother],
            (Self::Grandparents, _) => vec![Relation::Grandmother, Relation::Grandfather],
            _ => self.guardians(dice),
        }
    }

    fn tie(
        self,
        dice: &mut Dice,
        (adult, adults): (usize, usize),
        relation: Relation,
        (reference, born, is_grown): (Date, Date, bool),
    ) -> Tie {
        let custody = match self {
            _ if is_grown => Custody::Kin,
            Self::Protected if adult == 1 => Custody::NoContact,
            Self::Step if adult == 2 => Custody::Household,
            Self::Foster | Self::Guardian | Self::Grandparents => Custody::ByOrder,
            _ if adults == 1 || self == Self::Protected => Custody::Sole,
            _ => Custody::Joint,
        };
        let needs_order = matches!(custody, Custody::ByOrder | Custody::NoContact);
        let order = needs_order.then(|| {
            let days = born.days_to(reference);
            let date = born.plus_days(dice.between(days / 2, days));
            (format!("{}-JV-{:05}", date.year(), dice.between(1, 99_999)), date)
        });
        Tie { adult, relation, custody, order }
    }
}
