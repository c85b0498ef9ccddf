//! A practice joins another, or some of its patients go there: how far it is, what it means, what this practice's manager can do
//! next, and who would go.

use super::Chrome;
use super::parts::{Fact, Pager, Tone};
use askama::Template;
use record::tag::Tag;

/// What this person can do next about one joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoiningNext {
    /// Nothing.
    None,
    /// Say yes for the practice that joins.
    Give,
    /// Say yes for the practice that is joined, and whom it takes over.
    Agree,
    /// Wait for the other one's manager.
    Wait,
    /// Have it carried out, by a command at the operator's machine.
    Run,
}

/// Somebody whom the practice that is joined can take over.
#[derive(Debug)]
pub struct JoiningRow {
    /// Their place at the practice that joins.
    pub membership: String,
    /// Their name.
    pub name: String,
    /// As what.
    pub role: String,
    /// Until which day, where the place has an end; empty otherwise.
    pub until: String,
    /// It is whoever looks: they cannot be ticked.
    pub is_asker: bool,
}

/// One joining.
#[derive(Debug)]
pub struct JoiningCard {
    /// Who joins.
    pub joins: String,
    /// Whom.
    pub into: String,
    /// How far it is, in words.
    pub state: String,
    /// How that is meant.
    pub tone: Tone,
    /// Who prepared it and said yes, and when.
    pub facts: Vec<Fact>,
    /// What would move.
    pub counts: Vec<Fact>,
    /// What record numbers get that both have.
    pub prefix: String,
    /// What stands in the way; empty when nothing does.
    pub hindered: String,
    /// That more would move by now than the other manager was shown; empty when not.
    pub grown: String,
    /// Which practice's manager is next, while this one waits.
    pub waits_for: String,
    /// It has begun to be carried out.
    pub has_begun: bool,
    /// What can be done.
    pub next: JoiningNext,
    /// It can be taken back.
    pub may_withdraw: bool,
    /// It is a split that was begun: it can be ended half way.
    pub may_end: bool,
    /// Whom this practice can take over.
    pub people: Vec<JoiningRow>,
    /// Which joining: the id of the practice that joins.
    pub id: String,
    /// What was looked at: what is said yes to is that.
    pub seen: String,
    /// When only some patients move.
    pub split: Option<SplitCard>,
}

/// That only some patients move.
#[derive(Debug)]
pub struct SplitCard {
    /// The list's SHA-256: both managers say yes to the same one.
    pub list: String,
    /// Where this practice's manager looks through it; empty for everybody else.
    pub href: String,
}

/// One patient of the list.
#[derive(Debug)]
pub struct SplitRow {
    /// Name as people write it; in words when it does not open.
    pub name: String,
    /// Birth date.
    pub born: String,
    /// Record number.
    pub record_number: String,
    /// What comes, or came, of them, in words.
    pub fate: String,
    /// How that is meant.
    pub tone: Tone,
}

/// Who of a practice would go, and who was chosen and stays.
#[derive(Debug, Template)]
#[template(path = "split_list.html")]
pub struct SplitListPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// To which practice they would go; empty when all of it is done, and these have stayed.
    pub into: String,
    /// Who.
    pub rows: Vec<SplitRow>,
    /// The next page.
    pub pager: Option<Pager>,
    /// Back to what is decided.
    pub back: String,
}

/// The joinings of a practice.
#[derive(Debug, Template)]
#[template(path = "joining.html")]
pub struct JoiningPage {
    /// The frame.
    pub chrome: Chrome,
    /// The practice's name.
    pub name: String,
    /// Its joinings.
    pub cards: Vec<JoiningCard>,
    /// Where the forms post.
    pub action: String,
    /// The practice's page.
    pub back: String,
}
