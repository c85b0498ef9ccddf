//! Who of a practice may see what is sensitive: the practice's rule for what comes in, and an author's word on one document.
//!
//! What must always hold: a later version never makes a document more visible than the ones before it; what a person has said of a
//! document stands, whatever comes in; a kind of data that a rule does not name is as visible as any other.
//!
//! What it refuses to know: who treats whom, which is policy's; and how kinds of data are found.

use crate::ask::Question;
use crate::people::question_at;
use crate::{Custody, CustodyError, Desk, VersionBody, Witnessed};
use identify::HealthData;
use identify::kinds::is_sensitive;
use record::document::Confidentiality;
use record::{CustomerId, DocumentId, Purpose, act};
use std::collections::BTreeMap;
use store::Document;

/// What a practice keeps to those who treat, of what comes in. A kind that is not here is [`Confidentiality::Normal`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restricts(BTreeMap<HealthData, Confidentiality>);

/// A practice's rule as its page shows it.
#[derive(Debug, Clone)]
pub struct RestrictsView {
    /// The practice's name.
    pub name: String,
    /// The rule.
    pub restricts: Restricts,
    /// The entry.
    pub witnessed: Witnessed,
}

impl Restricts {
    /// The kinds for which there can be a rule.
    pub fn kinds() -> impl Iterator<Item = HealthData> {
        HealthData::ALL.iter().copied().filter(|kind| is_sensitive(*kind))
    }

    /// For a practice that has said nothing yet: records of a program under 42 CFR Part 2, and what an adolescent told in confidence
    /// (45 CFR 164.502(g)(3)), are for those who treat.
    #[must_use]
    pub fn at_first() -> Self {
        Self(BTreeMap::from([
            (HealthData::SubstanceUse, Confidentiality::Restricted),
            (HealthData::AdolescentConfidential, Confidentiality::Restricted),
        ]))
    }

    /// The rule for one kind.
    #[must_use]
    pub fn of(&self, kind: HealthData) -> Confidentiality {
        self.0.get(&kind).copied().unwrap_or(Confidentiality::Normal)
    }

    /// With another rule for one kind; one for a kind that is not sensitive is passed by.
    #[must_use]
    pub fn with(mut self, kind: HealthData, kept: Confidentiality) -> Self {
        if is_sensitive(kind) {
            self.0.insert(kind, kept);
        }
        self
    }

    /// How far what holds this is kept to those who treat.
    pub(crate) fn for_what_holds(&self, body: &VersionBody) -> Confidentiality {
        body.holds().sensitive.iter().map(|kind| self.of(*kind)).max().unwrap_or(Confidentiality::Normal)
    }

    /// As the store keeps it: what is normal is left out.
    pub(crate) fn rows(&self) -> BTreeMap<String, Confidentiality> {
        let restricted = self.0.iter().filter(|(_, kept)| **kept != Confidentiality::Normal);
        restricted.map(|(kind, kept)| (kind.as_str().to_owned(), *kept)).collect()
    }
}

/// Puts a document under the rule for what it holds now, unless somebody has said who may see it.
pub(crate) fn restrict(document: &mut Document, restricts: &Restricts, holds: &VersionBody) {
    if document.restricted_by.is_none() {
        document.confidentiality = document.confidentiality.max(restricts.for_what_holds(holds));
    }
}

impl Custody {
    /// A practice's rule. Kinds that only a newer program knows are passed by.
    pub(crate) async fn restricts(&self, customer: CustomerId) -> Result<Restricts, CustodyError> {
        let rows = self.store().customer_restricts(customer).await?;
        Ok(Restricts(rows.into_iter().filter_map(|(kind, kept)| Some((kind.parse().ok()?, kept))).collect()))
    }
}

impl Desk<act::CustomerShow> {
    /// What a practice keeps to those who treat.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`]; the door answers both alike.
    pub async fn customer_restricts(&self, id: CustomerId) -> Result<RestrictsView, CustodyError> {
        let Some(customer) = self.custody.store().customer_fetch(id).await? else { return self.absent(id).await };
        let witnessed = self.ask(question_at(Some(id))).await?.witnessed();
        Ok(RestrictsView { name: customer.name, restricts: self.custody.restricts(id).await?, witnessed })
    }
}

impl Desk<act::CustomerRestrict> {
    /// Sets what a practice keeps to those who treat, of what comes in from now on. What is there stays as it is.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`].
    pub async fn customer_restrict(&self, id: CustomerId, restricts: &Restricts) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        if custody.store().customer_fetch(id).await?.is_none() {
            return self.absent(id).await;
        }
        let rows = restricts.rows();
        // Kinds and levels: no PHI, and whoever reads the ledger sees what was changed.
        let rules: Vec<String> = rows.iter().map(|(kind, kept)| format!("{kind} {kept}")).collect();
        let said =
            if rules.is_empty() { "restricts nothing".to_owned() } else { format!("restricts {}", rules.join(", ")) };
        let question = Question::of(id, Purpose::Administration).saying(&said);
        let witnessed = self.ask(question).await?.witnessed();
        let mut tx = custody.store().begin("set what a practice restricts").await?;
        tx.customer_restrict(id, &rows).await?;
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::DocumentRestrict> {
    /// The author says who of the practice may see it; that stands, whatever versions come in.
    ///
    /// # Errors
    /// [`CustodyError::State`] when somebody has changed the document meanwhile.
    pub async fn document_restrict(&self, id: DocumentId, kept: Confidentiality) -> Result<Witnessed, CustodyError> {
        let me = self.person()?;
        let found = self.document_only(id).await?;
        let witnessed = self.document_ask(&found, kept.as_str()).await?.witnessed();
        let was = found.document.state;
        let document = Document { confidentiality: kept, restricted_by: Some(me), ..found.document };
        let mut tx = self.custody.store().begin("say who may see a document").await?;
        if tx.document_update(&document, was).await? == 0 {
            return Err(CustodyError::State("somebody else has changed this document meanwhile; look at it again"));
        }
        tx.commit().await?;
        Ok(witnessed)
    }
}

#[cfg(test)]
mod tests;
