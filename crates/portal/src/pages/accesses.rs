//! Who opened what: my own accesses, a practice's, and broken glass.

use super::Chrome;
use super::parts::{AccessRow, Choice, Empty, Errors, Moment, Pager, Tone};
use askama::Template;
use record::tag::Tag;

/// Break the glass for a patient who is not in one's care.
#[derive(Debug, Template)]
#[template(path = "break_glass.html")]
pub struct BreakGlassPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// The patient's name.
    pub patient: String,
    /// The second identifier.
    pub identifier: String,
    /// Ready reasons. Field `reason`.
    pub reasons: Vec<Choice>,
    /// A word more. Field `word`.
    pub word: String,
    /// One to four hours. Field `hours`.
    pub hours: Vec<Choice>,
    /// Where it posts, after a touch.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}

/// One broken glass.
#[derive(Debug, Clone)]
pub struct GlassRow {
    /// Its review.
    pub href: String,
    /// Who broke it.
    pub who: String,
    /// Role.
    pub role: String,
    /// For which patient.
    pub patient: String,
    /// The second identifier.
    pub identifier: String,
    /// Why.
    pub reason: String,
    /// From when.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// How many documents were opened.
    pub opened: u32,
    /// Where the review stands, in words.
    pub state: String,
    /// How that is meant.
    pub tone: Tone,
    /// Whose PHI.
    pub tag: Tag,
}

/// Which glasses were broken.
#[derive(Debug, Template)]
#[template(path = "break_glass_list.html")]
pub struct BreakGlassListPage {
    /// The frame.
    pub chrome: Chrome,
    /// They, open reviews first.
    pub rows: Vec<GlassRow>,
    /// What to say when there are none.
    pub empty: Empty,
}

/// The review of one broken glass.
#[derive(Debug, Template)]
#[template(path = "break_glass_review.html")]
pub struct BreakGlassReviewPage {
    /// The frame.
    pub chrome: Chrome,
    /// The broken glass.
    pub glass: GlassRow,
    /// What was opened meanwhile.
    pub opened: Vec<AccessRow>,
    /// How it is judged. Field `verdict`; empty when the review is closed.
    pub verdicts: Vec<Choice>,
    /// A word. Field `word`.
    pub word: String,
    /// How the review ended; `None` while it is open.
    pub closed: Option<String>,
    /// Where it posts.
    pub action: String,
    /// What is wrong.
    pub errors: Errors,
}

/// My last accesses.
#[derive(Debug, Template)]
#[template(path = "my_accesses.html")]
pub struct MyAccessesPage {
    /// The frame.
    pub chrome: Chrome,
    /// The last fifty, newest first.
    pub rows: Vec<AccessRow>,
    /// What to say when there are none.
    pub empty: Empty,
}

/// How many accesses there were on one day.
#[derive(Debug, Clone, Default)]
pub struct DayCount {
    /// The day, short, such as "Nov 21".
    pub day: String,
    /// How many.
    pub count: u32,
    /// It stands out.
    pub unusual: bool,
}

/// One bar of the chart, in its own units.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: u32,
    /// Height.
    pub height: u32,
    /// Where the middle is.
    pub middle: usize,
    /// Where the number stands.
    pub label_y: u32,
    /// What it shows.
    pub day: DayCount,
    /// Its day is written under it.
    pub named: bool,
}

/// Who opened what at a practice.
#[derive(Debug, Template)]
#[template(path = "access_review.html")]
pub struct AccessReviewPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whose PHI.
    pub tag: Tag,
    /// Whose accesses. Field `person`.
    pub people: Vec<Choice>,
    /// Where the form posts.
    pub action: String,
    /// How many, and what stands out, in words.
    pub said: String,
    /// A count for each day, oldest first.
    pub days: Vec<DayCount>,
    /// They, newest first.
    pub rows: Vec<AccessRow>,
    /// Turning pages.
    pub pager: Option<Pager>,
    /// What to say when there are none.
    pub empty: Empty,
    /// What is wrong.
    pub errors: Errors,
}

impl AccessReviewPage {
    /// Height of the tallest bar, in the chart's units.
    pub const CHART_HEIGHT: u32 = 96;

    /// The chart's bars: 24 units a day, the tallest day fills the height.
    #[must_use]
    pub fn bars(&self) -> Vec<Bar> {
        let most = self.days.iter().map(|day| day.count).max().unwrap_or(0).max(1);
        let last = self.days.len().saturating_sub(1);
        self.days
            .iter()
            .enumerate()
            .map(|(place, day)| {
                let share = u64::from(day.count) * u64::from(Self::CHART_HEIGHT) / u64::from(most);
                let height = u32::try_from(share).unwrap_or(Self::CHART_HEIGHT);
                let y = 16 + Self::CHART_HEIGHT - height;
                Bar {
                    x: place * 24 + 3,
                    y,
                    height,
                    middle: place * 24 + 12,
                    label_y: y.saturating_sub(4),
                    day: day.clone(),
                    named: place == 0 || place == last || place == last / 2,
                }
            })
            .collect()
    }
    /// Does any day stand out.
    #[must_use]
    pub fn has_unusual(&self) -> bool {
        self.days.iter().any(|day| day.unusual)
    }
    /// The chart's width.
    #[must_use]
    pub fn chart_width(&self) -> usize {
        self.days.len() * 24
    }
}
