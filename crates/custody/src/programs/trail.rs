//! The trail: what was done with a customer's records, for a program of that customer.

use super::places::PlaceIn;
use crate::ask::Question;
use crate::ledger_desk::EntryLine;
use crate::{Custody, CustodyError, Desk, Witnessed};
use record::document::Confidentiality;
use record::{
    Action, CustomerId, DocumentId, Outcome, PersonId, Principal, ProgramId, Purpose, ResourceId, Timestamp, act,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Passed, Walk};

/// Entries that one request may ask for.
const TRAIL_MAX: u32 = 200;

/// Rows that one request passes at most, whatever it wants of them; what lies behind them is the next request's.
const WALK_ROWS: u32 = 2_000;
/// Things that the entries of one answer may name together: a list of documents names hundreds.
const NAMED_MAX: usize = 4_000;
/// An act that is permitted is written at once. Behind one that is so much older than what is asked for lies nothing of it.
const WRITTEN_WITHIN_SECS: i64 = 3_600;

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
    /// The newest first. Who acted has a name where they work for the customer or for the operator; documents that are kept from
    /// programs are not among what is named.
    pub lines: Vec<EntryLine>,
    /// Where the next request goes on, when there are more.
    pub next: Option<String>,
    /// The entry of asking.
    pub witnessed: Witnessed,
}

/// How many of these lines name few enough things together; at least one.
fn few_enough(lines: &[EntryLine]) -> usize {
    let mut named = 0;
    let fit = lines.iter().take_while(|line| {
        named += line.resources.len();
        named <= NAMED_MAX
    });
    fit.count().max(1).min(lines.len())
}

impl Custody {
    /// Is this thing, if one is named, that customer's, and no document that is kept from programs. Another's, a restricted one and none
    /// take equally long to find nothing about.
    async fn concerns(&self, customer: CustomerId, about: Option<ResourceId>) -> Result<bool, CustodyError> {
        let owner = match about {
            None => return Ok(true),
            Some(ResourceId::DocumentId(id)) => {
                let found = self.store().document_fetch(id).await?;
                found.filter(|row| row.confidentiality == Confidentiality::Normal).map(|row| row.customer)
            }
            Some(ResourceId::PatientId(id)) => self.store().patient_fetch(id).await?.map(|row| row.customer),
            Some(_) => None,
        };
        Ok(owner == Some(customer))
    }

    /// Indexes of what is wanted, and where to go on when there may be more.
    async fn walked(&self, walk: &Walk, limit: usize) -> Result<(Vec<u64>, Option<u64>), CustodyError> {
        let passed = self.store().entry_walk(walk, WALK_ROWS).await?;
        let (mut indexes, mut last) = (Vec::new(), None);
        let too_old = |one: &Passed| {
            one.outcome == Outcome::Permitted
                && walk.from.is_some_and(|from| one.at < from.plus_secs(-WRITTEN_WITHIN_SECS))
        };
        for one in &passed {
            if too_old(one) {
                return Ok((indexes, None));
            }
            if one.wanted && indexes.len() == limit {
                return Ok((indexes, last));
            }
            indexes.extend(one.wanted.then_some(one.index));
            last = Some(one.index);
        }
        let more = passed.len() >= WALK_ROWS as usize;
        Ok((indexes, last.filter(|_| more)))
    }

    /// Takes out of these lines the documents that are kept from programs: that something was done is told, and not with what. A
    /// program that could read of a patient's restricted document that it is there would know what it may not.
    async fn restricted_unnamed(&self, lines: &mut [EntryLine]) -> Result<(), CustodyError> {
        let restricted = self.restricted_among(lines.iter().flat_map(|line| &line.resources)).await?;
        for line in lines.iter_mut().filter(|_| !restricted.is_empty()) {
            let before = line.resources.len();
            line.resources.retain(|one| !matches!(one, ResourceId::DocumentId(id) if restricted.contains(id)));
            line.resources_count -= (before - line.resources.len()) as u64;
        }
        Ok(())
    }

    /// Documents among these things that are kept from programs.
    pub(super) async fn restricted_among(
        &self,
        things: impl Iterator<Item = &ResourceId>,
    ) -> Result<BTreeSet<DocumentId>, CustodyError> {
        let documents = things.filter_map(|one| match one {
            ResourceId::DocumentId(id) => Some(*id),
            _ => None,
        });
        let found = self.store().document_fetch_many(&documents.collect()).await?;
        let restricted = found.into_iter().filter(|row| row.confidentiality != Confidentiality::Normal);
        Ok(restricted.map(|row| row.id).collect())
    }

    /// Leaves the names of those who work for the customer or for the operator. Somebody else who tried something here has
    /// an id; who they are is for their own practice to know.
    pub(super) async fn strangers_unnamed(
        &self,
        customer: CustomerId,
        lines: &mut [EntryLine],
    ) -> Result<(), CustodyError> {
        let store = self.store();
        let here = store.membership_list_at(Some(customer)).await?.into_iter().map(|one| one.person);
        let ours = store.membership_list_at(None).await?.into_iter().map(|one| one.person);
        let known: BTreeSet<PersonId> = here.chain(ours).collect();
        // Each program once, however many of the entries are its own.
        let mut programs: BTreeMap<ProgramId, bool> = BTreeMap::new();
        for line in lines {
            let stranger = match line.principal {
                Principal::Person(id) => !known.contains(&id),
                Principal::Program(id) => match programs.get(&id) {
                    Some(stranger) => *stranger,
                    None => {
                        let program = store.program_fetch(id).await?;
                        let stranger = program.is_some_and(|program| program.customer != customer);
                        programs.insert(id, stranger);
                        stranger
                    }
                },
                Principal::Stranger => false,
            };
            if stranger {
                line.name.clear();
            }
        }
        Ok(())
    }
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
        let walk = Walk {
            customer: program.customer,
            about: asked.about,
            before,
            actions: asked.actions.clone(),
            outcomes: asked.outcomes.clone(),
            from: asked.from,
            until: asked.until,
        };
        let (indexes, rest) = match custody.concerns(program.customer, asked.about).await? {
            true => custody.walked(&walk, asked.limit as usize).await?,
            false => (Vec::new(), None),
        };
        let stored = custody.store().entry_fetch_many(&indexes).await?;
        let mut lines = custody.entry_lines(&stored).await?;
        let kept = few_enough(&lines);
        let rest = if kept < lines.len() { lines.get(kept - 1).map(|line| line.index) } else { rest };
        lines.truncate(kept);
        // What a row says of an entry is anybody's who writes to the database; what its leaf says is the ledger's.
        lines.retain(|line| line.unreadable || line.customer == Some(program.customer));
        custody.strangers_unnamed(program.customer, &mut lines).await?;
        custody.restricted_unnamed(&mut lines).await?;
        let last = rest.map(u64::to_be_bytes);
        Ok(Trail {
            customer: program.customer,
            customer_name: custody.customer_name(program.customer).await?,
            lines,
            next: last.map(|place| PlaceIn::Trail.write(custody, program, &place)),
            witnessed,
        })
    }
}
