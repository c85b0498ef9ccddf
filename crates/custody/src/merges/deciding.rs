//! Proposing, confirming, refusing, taking back.

use super::Pair;
use crate::ask::Question;
use crate::documents::patient_open;
use crate::related::{facts_of, related_open};
use crate::{Custody, CustodyError, Desk, Witnessed};
use policy::ResourceFacts;
use record::merge::{MergeCause, MergeState};
use record::{Act, MergeId, PatientId, PersonId, Purpose, act};
use store::{Patient, PatientMerge};

/// What taking a merge back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// Documents that are the prior record's again.
    pub documents: u64,
    /// Guardians and guarantors that are.
    pub related: u64,
    /// Documents that stay with the record that stayed: its own, and those that came after the merge.
    pub stayed: u64,
    /// The entry.
    pub witnessed: Witnessed,
}

impl Custody {
    /// A proposal that is not written yet.
    pub(crate) fn merge_new(
        &self,
        (prior, survivor): (&Patient, &Patient),
        cause: MergeCause,
        by: &str,
    ) -> PatientMerge {
        PatientMerge {
            id: MergeId::mint(self.clock(), self.entropy()),
            customer: survivor.customer,
            prior: prior.id,
            survivor: survivor.id,
            cause,
            state: MergeState::Proposed,
            proposed_at: self.now(),
            proposed_by: by.to_owned(),
            decided_at: None,
            decided_by: None,
            undone_at: None,
            undone_by: None,
        }
    }

    /// The one record goes into the other: written as decided by `by`, with all that moves, in the caller's transaction.
    pub(crate) async fn merge_in_tx(
        &self,
        tx: &mut store::Tx,
        pair: &Pair,
        by: Option<PersonId>,
    ) -> Result<(), CustodyError> {
        let now = self.now();
        let (decided_at, decided_by) = (Some(now), by);
        let (prior, survivor) = (pair.prior.id, pair.survivor.id);
        let merge =
            PatientMerge { prior, survivor, state: MergeState::Merged, decided_at, decided_by, ..pair.merge.clone() };
        if tx.merge_decide(&merge).await? == 0 {
            return Err(CustodyError::Changed);
        }
        let prior = Patient { linked_to: Some(survivor), changed_at: now, ..pair.prior.clone() };
        // Both rows as they were looked at: two merges at once would else go into each other, and both charts be hidden.
        if tx.patient_update(&prior).await? == 0 || tx.patient_update(&pair.survivor).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.merge_move(&merge).await?;
        Ok(())
    }
}

impl<A: Act> Desk<A> {
    /// Asks for an act upon both records of a proposal.
    async fn merge_ask(&self, pair: &Pair) -> Result<Witnessed, CustodyError> {
        let told = self.custody.merge_facts(pair, self.person().ok()).await?;
        let question = Question::of(pair.merge.customer, Purpose::Operations)
            .with_all(told.into_iter().map(ResourceFacts::Patient))
            .saying(pair.merge.cause.as_str());
        Ok(self.ask(question).await?.witnessed())
    }
}

impl Desk<act::PatientMergePropose> {
    /// The act by which an import proposes; asked and witnessed for each pair.
    pub(crate) async fn merge_propose_ask(&self, pair: &Pair) -> Result<Witnessed, CustodyError> {
        self.merge_ask(pair).await
    }

    /// Somebody says that two records are one patient's. Nothing moves.
    ///
    /// # Errors
    /// [`CustodyError::State`] when they are one already, or it is proposed already.
    pub async fn merge_propose(&self, prior: PatientId, survivor: PatientId) -> Result<MergeId, CustodyError> {
        let store = self.custody.store();
        let (Some(from), Some(to)) = (store.patient_fetch(prior).await?, store.patient_fetch(survivor).await?) else {
            return self.absent(prior).await;
        };
        if from.customer != to.customer {
            return self.absent(survivor).await;
        }
        let by = self.who().0.to_string();
        let merge = self.custody.merge_new((&from, &to), MergeCause::Person, &by);
        let pair = Pair { merge, prior: from, survivor: to };
        self.merge_ask(&pair).await?;
        if pair.prior.id == pair.survivor.id {
            return Err(CustodyError::State("Choose another record than this one."));
        }
        if pair.prior.linked_to.is_some() || pair.survivor.linked_to.is_some() {
            return Err(CustodyError::State("One of the two has gone into another record already; open that one."));
        }
        let mut tx = store.begin("propose a merge").await?;
        if tx.merge_propose(&pair.merge).await? == 0 {
            return Err(CustodyError::State("This is proposed already; it waits on the list of records to merge."));
        }
        tx.commit().await?;
        Ok(pair.merge.id)
    }
}

impl Desk<act::PatientMergeConfirm> {
    /// The two are one: the record that is not `keep` goes into it. `seen`: both records, with the change of each that
    /// the person was shown.
    ///
    /// # Errors
    /// [`CustodyError::Changed`] when either has changed since, or somebody has decided.
    pub async fn merge_confirm(
        &self,
        id: MergeId,
        keep: PatientId,
        seen: [(PatientId, u64); 2],
    ) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let Some(mut pair) = custody.merge_pair(id).await? else { return self.absent(id).await };
        let witnessed = self.merge_ask(&pair).await?;
        let me = self.person()?;
        if pair.merge.state != MergeState::Proposed {
            return Err(CustodyError::State("Somebody has decided this already."));
        }
        if pair.prior.id == pair.survivor.id {
            return Err(CustodyError::State("The two are one record already."));
        }
        let is_as_seen = |patient: &Patient| seen.contains(&(patient.id, patient.revision));
        if !pair.records().into_iter().all(is_as_seen) {
            return Err(CustodyError::Changed);
        }
        if keep == pair.prior.id {
            std::mem::swap(&mut pair.prior, &mut pair.survivor);
        } else if keep != pair.survivor.id {
            return Err(CustodyError::field("keep", "Choose which record stays"));
        }
        let mut tx = custody.store().begin("merge two records").await?;
        custody.merge_in_tx(&mut tx, &pair, Some(me)).await?;
        // If we die here: nothing has moved, and the entry without an end is closed as unknown.
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::PatientMergeRefuse> {
    /// The two are not one: the proposal is closed.
    ///
    /// # Errors
    /// [`CustodyError::State`] when somebody has decided.
    pub async fn merge_refuse(&self, id: MergeId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let Some(pair) = custody.merge_pair(id).await? else { return self.absent(id).await };
        let witnessed = self.merge_ask(&pair).await?;
        let (decided_at, decided_by) = (Some(custody.now()), Some(self.person()?));
        let merge = PatientMerge { state: MergeState::Refused, decided_at, decided_by, ..pair.merge };
        let mut tx = custody.store().begin("refuse a merge").await?;
        if tx.merge_decide(&merge).await? == 0 {
            return Err(CustodyError::State("Somebody has decided this already."));
        }
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::PatientMergeUndo> {
    /// Takes a merge back: documents, guardians and guarantors that it moved are the prior record's again, unless
    /// somebody has moved them elsewhere since; what came later stays.
    ///
    /// # Errors
    /// [`CustodyError::State`] when it does not stand, or a later merge has to be taken back first.
    pub async fn merge_undo(&self, id: MergeId) -> Result<Undone, CustodyError> {
        let (custody, store) = (&self.custody, self.custody.store());
        let Some(pair) = custody.merge_pair(id).await? else { return self.absent(id).await };
        let (merge, customer) = (&pair.merge, pair.merge.customer);
        let told = custody.merge_facts(&pair, self.person().ok()).await?;
        let around = store.related_list(customer, merge.survivor).await?;
        let mut question =
            Question::of(customer, Purpose::Operations).with_all(told.iter().copied().map(ResourceFacts::Patient));
        if let Some(survivor) = told.iter().find(|one| one.id == merge.survivor) {
            question = question.with_all(facts_of(&around, *survivor));
        }
        let granted = self.ask(question.saying(merge.cause.as_str())).await?;
        let (me, witnessed) = (self.person()?, granted.witnessed());
        if merge.state != MergeState::Merged {
            return Err(CustodyError::State("This merge does not stand."));
        }
        if pair.survivor.linked_to.is_some() {
            return Err(CustodyError::State(
                "The record that stayed has gone into another one since: take that merge back first.",
            ));
        }
        let (opening, shown) = granted.open(&custody.ring())?;
        // What each is found by is set from what is theirs then: the survivor's own names, and the guardians of either.
        let body = patient_open(&opening, &shown, &pair.survivor)?;
        let tokens = custody.patient_tokens(customer, body.show(&shown))?;
        let goes = store.merge_related(merge).await?;
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for one in &around {
            let known = related_open(&opening, &shown, one)?;
            let of = if goes.contains(&one.id) { &mut go } else { &mut stay };
            of.extend(custody.related_tokens(customer, one.kind, known.show(&shown))?);
        }
        let seen = (around.len() as u64, around.iter().map(|one| one.revision).sum::<u64>());
        let now = custody.now();
        let mut tx = store.begin("take a merge back").await?;
        if tx.related_standing(customer, merge.survivor).await? != seen {
            return Err(CustodyError::Changed);
        }
        let prior = Patient { linked_to: None, changed_at: now, ..pair.prior.clone() };
        if tx.patient_update(&prior).await? == 0 || tx.patient_update(&pair.survivor).await? == 0 {
            return Err(CustodyError::Changed);
        }
        let undone = PatientMerge { undone_at: Some(now), undone_by: Some(me), ..merge.clone() };
        let moved = tx.merge_take_back(&undone).await?.ok_or(CustodyError::Changed)?;
        tx.patient_tokens_set(customer, merge.survivor, &tokens).await?;
        tx.related_tokens_set(customer, merge.survivor, &stay).await?;
        tx.related_tokens_set(customer, merge.prior, &go).await?;
        let stayed = tx.document_count_of(customer, merge.survivor).await?;
        tx.commit().await?;
        Ok(Undone { documents: moved.documents, related: moved.related, stayed, witnessed })
    }
}
