//! Lists of documents: the inbox, the queue, unmatched, held.

use super::Chrome;
use super::parts::{DocumentRow, Empty, Link, Pager, ViewTab};
use askama::Template;
use record::tag::Tag;

/// What came for me, over all my customers.
#[derive(Debug, Template)]
#[template(path = "inbox.html")]
pub struct InboxPage {
    /// The frame.
    pub chrome: Chrome,
    /// "Unread by me", "Picked up by the practice", "All".
    pub tabs: Vec<ViewTab>,
    /// The documents.
    pub rows: Vec<DocumentRow>,
    /// Turning pages.
    pub pager: Option<Pager>,
    /// What to say when there are none.
    pub empty: Empty,
    /// Work at customers the filter leaves out, such as "3 more at Harbor Clinic".
    pub elsewhere: Option<Link>,
}

/// Which list it is; the columns follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// All documents one may see.
    Documents,
    /// Documents in work at the operator.
    Queue,
    /// Nobody knows yet whose they are.
    Unmatched,
    /// Kept back by a person.
    Held,
    /// Delivered and not yet printed or picked up.
    ToPrint,
    /// Where jobs stand, without names.
    Status,
}

impl ListKind {
    /// The page's title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Documents => "Documents",
            Self::Queue => "Queue",
            Self::Unmatched => "Unmatched",
            Self::Held => "Held",
            Self::ToPrint => "To print",
            Self::Status => "Status",
        }
    }
    /// What it holds, in one line.
    #[must_use]
    pub const fn context(self) -> &'static str {
        match self {
            Self::Documents => "Everything you may see, newest first.",
            Self::Queue => "In work here, newest first.",
            Self::Unmatched => {
                "No patient could be named with certainty. The author sees them already; the practice does not."
            }
            Self::Held => {
                "Kept back by a person, with a reason. Nobody at the practice sees them until they are let go."
            }
            Self::ToPrint => "Delivered and not yet picked up by the practice.",
            Self::Status => "Where each job stands, without names or text.",
        }
    }
    /// What the column of notes is called.
    #[must_use]
    pub const fn note_heading(self) -> &'static str {
        match self {
            Self::Held => "Why",
            Self::Documents | Self::Queue | Self::Unmatched | Self::ToPrint | Self::Status => "Note",
        }
    }
}

/// A list of documents.
#[derive(Debug, Template)]
#[template(path = "document_list.html")]
pub struct DocumentListPage {
    /// The frame.
    pub chrome: Chrome,
    /// Which list.
    pub kind: ListKind,
    /// Views of it, such as states; may be empty.
    pub tabs: Vec<ViewTab>,
    /// The documents.
    pub rows: Vec<DocumentRow>,
    /// Turning pages.
    pub pager: Option<Pager>,
    /// What to say when there are none.
    pub empty: Empty,
    /// The one thing to do here, such as "Upload documents".
    pub primary: Option<Link>,
}

impl InboxPage {
    /// The tags of what is on the page, each once.
    #[must_use]
    pub fn tags(&self) -> Vec<&Tag> {
        tags_of(&self.rows)
    }
}

impl DocumentListPage {
    /// The tags of what is on the page, each once.
    #[must_use]
    pub fn tags(&self) -> Vec<&Tag> {
        tags_of(&self.rows)
    }
    /// Does any row have a note.
    #[must_use]
    pub fn has_notes(&self) -> bool {
        self.rows.iter().any(|row| !row.note.is_empty())
    }
}

pub(crate) fn tags_of(rows: &[DocumentRow]) -> Vec<&Tag> {
    let mut tags: Vec<&Tag> = Vec::new();
    for row in rows {
        if !tags.contains(&&row.tag) {
            tags.push(&row.tag);
        }
    }
    tags
}
