//! The parts that pages are made of: links, chips, rows, errors, dates, pagers.

use record::document::{DocumentKind, DocumentState};
use record::tag::Tag;

/// How a message or a button is meant. Words say it too; colour never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// Verified or done.
    Good,
    /// Due soon, or needs a look.
    Due,
    /// Refused, broken or dangerous.
    Danger,
}

impl Tone {
    /// The class that the style sheet knows.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Due => "due",
            Self::Danger => "danger",
        }
    }
}

/// A link.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// Its words.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// A hidden field of a form.
#[derive(Debug, Clone, Default)]
pub struct Hidden {
    /// Name of the field.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A button that posts a small form of its own.
#[derive(Debug, Clone, Default)]
pub struct PostLink {
    /// Its words: a verb.
    pub label: String,
    /// Where it posts.
    pub action: String,
    /// What it sends beside the token.
    pub hidden: Vec<Hidden>,
}

/// A moment, ready to read, with its zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, for machines and for "3 min ago".
    pub iso: String,
    /// As people read it, such as "Nov 21, 14:03 CST".
    pub text: String,
}

/// A name and a value, such as "Record number" and "48213".
#[derive(Debug, Clone, Default)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// A date in its three boxes, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateParts {
    /// Month, as typed.
    pub month: String,
    /// Day, as typed.
    pub day: String,
    /// Year, as typed.
    pub year: String,
}

/// One choice in a list or a group of radio buttons.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
    /// A line of explanation under a radio button; empty for none.
    pub hint: String,
    /// It is chosen.
    pub selected: bool,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Default)]
pub struct FieldError {
    /// The field's name, which is also its id after `f-`.
    pub field: String,
    /// What to do about it, such as "Write the year with four digits".
    pub message: String,
}

/// What is wrong with a form: shown at the fields and as a summary on top.
#[derive(Debug, Clone, Default)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    /// Nothing is wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
    /// The message for this field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
    /// Is there nothing to say.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One of several views of a list.
#[derive(Debug, Clone, Default)]
pub struct ViewTab {
    /// Its name.
    pub label: String,
    /// Its address; holds no PHI.
    pub href: String,
    /// How many are in it.
    pub count: Option<u32>,
    /// It is shown now.
    pub current: bool,
}

/// Turning pages of a list.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// Where we are, such as "1–50 of 212".
    pub text: String,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// What was searched for: when it is not empty, turning is a POST, so that no PHI stands in an address.
    pub again: Vec<Hidden>,
}

/// A list with nothing in it, which teaches what will be here.
#[derive(Debug, Clone, Default)]
pub struct Empty {
    /// One short sentence.
    pub title: String,
    /// What will be here and how it gets here.
    pub text: String,
    /// One thing to do.
    pub action: Option<Link>,
}

/// How an action of a page is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum How {
    /// A link to another page.
    #[default]
    Visit,
    /// A link that saves a file.
    Download,
    /// A form that posts.
    Post,
    /// A form that posts after a fresh touch of the passkey.
    PostAfterTouch,
}

/// How much an action stands out. One primary a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// The one thing to do next.
    Primary,
    /// Something else that can be done.
    #[default]
    Secondary,
    /// Something that hurts if it is wrong.
    Danger,
}

impl Weight {
    /// The class that the style sheet knows.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Danger => "danger",
        }
    }
}

/// One thing that can be done on a page. What may not be done is not in the list.
#[derive(Debug, Clone, Default)]
pub struct PageAction {
    /// A verb and what it is done to, such as "Send for signature".
    pub label: String,
    /// Where it leads or posts.
    pub href: String,
    /// By link or by form.
    pub how: How,
    /// How much it stands out.
    pub weight: Weight,
    /// An icon's name known to `icons.html`; empty for none.
    pub icon: &'static str,
}

/// One document in a list. At least two identifiers of its patient, always.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    /// The document's page.
    pub href: String,
    /// The patient's name as people write it, or "No patient yet".
    pub patient: String,
    /// The second identifier, such as "born 03/09/2017".
    pub identifier: String,
    /// A third, such as "MRN 48213"; empty when unknown.
    pub record_number: String,
    /// What it is.
    pub kind: DocumentKind,
    /// The day of the visit; empty when unknown.
    pub visit_date: String,
    /// Who said it.
    pub author: String,
    /// Where it stands.
    pub state: DocumentState,
    /// Whose PHI.
    pub tag: Tag,
    /// I have not read it.
    pub unread: bool,
    /// Who of the practice picked it up and when, in words.
    pub picked_up: Option<String>,
    /// When it came.
    pub arrived: Moment,
    /// A word more: why it is held, how late it is; empty for none.
    pub note: String,
    /// How that word is meant.
    pub note_tone: Tone,
    /// It is seen only because the glass was broken.
    pub broken_glass: bool,
}

/// One patient in a list.
#[derive(Debug, Clone)]
pub struct PatientRow {
    /// The patient's page.
    pub href: String,
    /// Name as people write it.
    pub name: String,
    /// Birth date, such as "03/09/2017".
    pub born: String,
    /// Record number; empty for a provisional patient.
    pub record_number: String,
    /// How many documents there are that one may see.
    pub documents: u32,
    /// Whose PHI.
    pub tag: Tag,
    /// Not yet linked to a record number.
    pub provisional: bool,
    /// Seen only because the glass was broken.
    pub broken_glass: bool,
}

/// A document in two lines, on top of forms about it.
#[derive(Debug, Clone)]
pub struct DocumentBrief {
    /// The document's page.
    pub href: String,
    /// What it is, such as "Transcript, visit 11/19/2026".
    pub title: String,
    /// Patient's name, or "No patient yet".
    pub patient: String,
    /// The second identifier.
    pub identifier: String,
    /// Who said it.
    pub author: String,
    /// Where it stands.
    pub state: DocumentState,
    /// Whose PHI.
    pub tag: Tag,
}

/// Who opened something, and how.
#[derive(Debug, Clone, Default)]
pub struct OpenedRow {
    /// Name as people write it.
    pub who: String,
    /// Role and place.
    pub role: String,
    /// What they did, such as "read", "printed", "downloaded".
    pub what: String,
    /// When.
    pub at: Moment,
    /// The ledger entry as people read it.
    pub entry: String,
    /// Its proof; empty when the reader may not see entries.
    pub href: String,
    /// It was done with broken glass.
    pub broken_glass: bool,
}

/// One access in a list of accesses.
#[derive(Debug, Clone)]
pub struct AccessRow {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// Role and place.
    pub role: String,
    /// What was done, in words.
    pub what: String,
    /// To whose record, or what the act was about.
    pub about: String,
    /// The second identifier; empty when the act was about no patient.
    pub identifier: String,
    /// Where to see the thing; empty when there is nothing to see.
    pub href: String,
    /// Whose PHI; `None` when the act touched none.
    pub tag: Option<Tag>,
    /// How it ended, such as "permitted", "refused".
    pub outcome: String,
    /// How that is meant.
    pub tone: Tone,
    /// The ledger entry as people read it.
    pub entry: String,
    /// It was done with broken glass.
    pub broken_glass: bool,
}

/// A proposal: this may be the patient.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// The patient's id, which the form sends.
    pub patient: String,
    /// Name as people write it.
    pub name: String,
    /// Birth date.
    pub born: String,
    /// Record number.
    pub record_number: String,
    /// How well this patient fits, in words; empty where nobody weighed it.
    pub fit: &'static str,
    /// How these words look.
    pub fit_tone: Tone,
    /// What agrees and what does not.
    pub reasons: Vec<Reason>,
    /// Chosen.
    pub selected: bool,
}

/// One thing that agrees or does not.
#[derive(Debug, Clone)]
pub struct Reason {
    /// In words, such as "birth date".
    pub text: String,
    /// How far.
    pub agrees: Agrees,
}

/// How far something agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agrees {
    /// It is the same.
    Yes,
    /// It is written otherwise; the words say how.
    Nearly,
    /// It is another.
    No,
}

impl Agrees {
    /// The class that the style sheet knows.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Yes => "agrees",
            Self::Nearly => "nearly",
            Self::No => "differs",
        }
    }

    /// The icon before the words.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Yes => "check",
            Self::Nearly => "nearly",
            Self::No => "cross",
        }
    }

    /// What the icon says to whoever listens.
    #[must_use]
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Yes => "agrees: ",
            Self::Nearly => "nearly agrees: ",
            Self::No => "differs: ",
        }
    }
}

/// A piece of a document's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextBlock {
    /// A line that heads what follows.
    Heading(String),
    /// Text as typed; line breaks stay.
    Paragraph(String),
}

impl TextBlock {
    /// Splits plain text at empty lines; a short line in capitals, alone or first, heads what follows.
    #[must_use]
    pub fn split(text: &str) -> Vec<Self> {
        let text = text.replace("\r\n", "\n");
        let mut blocks = Vec::new();
        let mut lines: Vec<&str> = Vec::new();
        for line in text.lines().chain([""]) {
            let ends = line.trim().is_empty();
            if (ends || is_heading(line)) && !lines.is_empty() {
                blocks.push(Self::Paragraph(lines.join("\n")));
                lines.clear();
            }
            if is_heading(line) {
                blocks.push(Self::Heading(line.trim().trim_end_matches(':').to_owned()));
            } else if !ends {
                lines.push(line.trim_end());
            }
        }
        blocks
    }
}

/// Transcripts head their parts in capitals: "ASSESSMENT AND PLAN:".
fn is_heading(line: &str) -> bool {
    let line = line.trim();
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    // "DOB: 03/09/2017" is a line of facts and no heading.
    let is_fact = line.trim_end_matches(':').contains(':');
    letters >= 3
        && !is_fact
        && line.chars().count() <= 60
        && !line.chars().any(char::is_lowercase)
        && !line.contains(". ")
}

#[cfg(test)]
mod tests {
    use super::TextBlock as B;

    #[test]
    fn capitals_head_what_follows_and_no_word_is_lost() {
        let text = "HISTORY:\r\nSeen today.\r\nTwo lines.\n\nPLAN\n\nReturn in a week.\n";
        assert_eq!(
            B::split(text),
            [
                B::Heading("HISTORY".into()),
                B::Paragraph("Seen today.\nTwo lines.".into()),
                B::Heading("PLAN".into()),
                B::Paragraph("Return in a week.".into()),
            ]
        );
        assert!(B::split(" \n\n").is_empty());
    }
}
