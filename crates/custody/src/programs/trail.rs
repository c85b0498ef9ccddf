//! The trail: what was done with a customer's records, for a program of that customer.

use super::places::PlaceIn;
use crate::ask::Question;
use crate::ledger_desk::EntryLine;
use crate::{CustodyError, Desk, Witnessed};
use record::{Action, CustomerId, Outcome, Principal, Purpose, ResourceId, Timestamp, act};
use store::EntryFilter;

/// Entries that one request may ask for.
const TRAIL_MAX: u32 = 200;

/// Which entries are asked for; the newest first.
#[derive(Debug, Clone, Default)]
pub struct TrailAsked {
    /// Only those that name this thing.
    pub about: Option<ResourceId>,
    /// Only these acts; none of them when it is empty.
    pub actions: Option<Vec<Action>>,
    /// Only these outcomes; none of them when it is empty.
    pub outcomes: Option<Vec<Outcome>>,
    /// Only from this time on.
    pub from: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    /// From this place on.
    pub since: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Entries that concern a customer.
#[derive(Debug)]
pub struct Trail {
    /// Whom.
    pub customer: CustomerId,
    /// Their name.
    pub customer_name: String,
    /// The newest first. Who acted has a name where it is a person or a program.
    pub lines: Vec<EntryLine>,
    /// Where the next request goes on, when there are more.
    pub next: Option<String>,
    /// The entry of asking.
    pub witnessed: Witnessed,
}

impl Desk<act::LedgerTrail> {
    /// A page of the entries that concern the program's customer.
    ///
    /// # Errors
    /// [`CustodyError::Input`] for a place that was not given to this program; [`CustodyError::Refused`].
    pub async fn ledger_trail(&self, asked: &TrailAsked) -> Result<Trail, CustodyError> {
        let (custody, program) = (&self.custody, self.program_there()?);
        if asked.limit == 0 || asked.limit > TRAIL_MAX {
            return Err(CustodyError::field("limit", "Ask for 1 to 200 at a time"));
        }
        let before = match &asked.since {
            Some(text) => Some(u64::from_be_bytes(PlaceIn::Trail.read::<8>(custody, program, text)?)),
            None => None,
        };
        let question = Question::of(program.customer, Purpose::Operations).also(program.program);
        let witnessed = self.ask(question).await?.witnessed();
        let none_wanted =
            asked.actions.as_ref().is_some_and(Vec::is_empty) || asked.outcomes.as_ref().is_some_and(Vec::is_empty);
        let filter = EntryFilter {
            customer: Some(program.customer),
            resource: asked.about,
            actions: asked.actions.iter().flatten().map(|one| one.as_str().to_owned()).collect(),
            outcomes: asked.outcomes.iter().flatten().map(|one| one.as_str().to_owned()).collect(),
            from: asked.from,
            until: asked.until,
            before,
            ..EntryFilter::default()
        };
        let mut stored = match none_wanted {
            // To the store an empty list is no condition.
            true => Vec::new(),
            false => custody.store().entry_list(&filter, asked.limit.saturating_add(1)).await?,
        };
        let more = stored.len() > asked.limit as usize;
        stored.truncate(asked.limit as usize);
        let last = stored.last().filter(|_| more).map(|one| one.index.to_be_bytes());
        let mut lines = custody.entry_lines(&stored).await?;
        let programs = custody.program_names(lines.iter().map(|line| line.principal)).await?;
        for line in &mut lines {
            if let Principal::Program(id) = line.principal {
                line.name = programs.get(&id).cloned().unwrap_or_default();
            }
        }
        Ok(Trail {
            customer: program.customer,
            customer_name: custody.customer_name(program.customer).await?,
            lines,
            next: last.map(|place| PlaceIn::Trail.write(custody, program, &place)),
            witnessed,
        })
    }
}
