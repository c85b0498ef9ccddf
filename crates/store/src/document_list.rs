//! Lists of documents: one page of those that a filter wants and a scope allows, newest first.
//!
//! What must always hold: the customer and policy's scope are conditions of every text, whatever else is asked; a
//! page costs about as much in a practice with half a million documents as in a small one. So each text names the one
//! way by which its rows are found, and the engine is given no other: without statistics it guesses that a customer
//! has ten documents.

use crate::binds::Value;
use crate::documents::{DOCUMENT, document};
use crate::patients::{self, TokenGroup};
use crate::scope::{Condition, unindexed};
use crate::{Document, Page, Store, StoreError, scope};
use policy::scope::DocumentScope;
use record::document::DocumentState;
use record::{CustomerId, DocumentId, PatientId, PersonId};
use std::collections::BTreeSet;

/// With at most so many patients of a name, their documents are looked up patient by patient; with more, a page is
/// full soon when the customer's documents are walked through from the newest.
const PATIENTS_MAX: u32 = patients::COMMON / 2;

/// Which documents of one customer a list wants. The scope is policy's and is always there.
#[derive(Debug, Clone)]
pub struct DocumentFilter {
    /// Whose.
    pub customer: CustomerId,
    /// What the asker may have listed.
    pub scope: DocumentScope,
    /// Only in these states, when not empty.
    pub states: Vec<DocumentState>,
    /// Only about these patients, when given.
    pub patients: Option<Vec<PatientId>>,
    /// Only by this author.
    pub author: Option<PersonId>,
    /// Only in this person's inbox, not yet read by them.
    pub unread_by: Option<PersonId>,
    /// Only in this person's inbox.
    pub inbox_of: Option<PersonId>,
    /// Only brought by this person.
    pub uploader: Option<PersonId>,
    /// Only about patients who have a token of every group: each group is a set of alternatives (field, MAC).
    pub patient_groups: Vec<Vec<(String, Vec<u8>)>>,
    /// Only in the chart of this patient: about them, or moved away from them.
    pub chart_of: Option<PatientId>,
    /// Not yet picked up by the practice.
    pub waiting_for_pick_up: bool,
    /// Picked up by the practice.
    pub picked_up: bool,
    /// Only with this blind token: (field, MAC).
    pub token: Option<(String, Vec<u8>)>,
    /// Only older than this one (the last of the page before).
    pub before: Option<DocumentId>,
}

impl DocumentFilter {
    /// Everything in scope.
    #[must_use]
    pub const fn all(customer: CustomerId, scope: DocumentScope) -> Self {
        Self {
            customer,
            scope,
            states: Vec::new(),
            patients: None,
            author: None,
            unread_by: None,
            inbox_of: None,
            uploader: None,
            token: None,
            patient_groups: Vec::new(),
            chart_of: None,
            waiting_for_pick_up: false,
            picked_up: false,
            before: None,
        }
    }
}

/// A filter, and what was found out before its text is made.
struct Plan {
    filter: DocumentFilter,
    /// The names are few patients' (those of `patient_groups`, the rarest first).
    few: bool,
}

/// By which index the rows of a page are found.
enum Way<'f> {
    /// Patient by patient, then sorted.
    Patients(&'f [PatientId]),
    /// The same for patients of a name that few have.
    Named(&'f [TokenGroup]),
    /// A chart: this patient's, and those moved away from it.
    Chart(PatientId),
    /// By blind token, then sorted.
    Token(&'f (String, Vec<u8>)),
    /// Along somebody's inbox.
    Inbox(PersonId),
    /// Along what somebody has not read.
    Unread(PersonId),
    /// Along what somebody has spoken.
    Author(PersonId),
    /// Along what somebody has brought.
    Uploader(PersonId),
    /// State by state, then sorted: for states in which few documents stand at a time.
    States(Vec<DocumentState>),
    /// Along everything of the customer.
    Everything,
}

/// Delivered and signed documents are nearly all there are; those in any other state are few.
fn few_states(filter: &DocumentFilter) -> Option<Vec<DocumentState>> {
    let allowed: BTreeSet<DocumentState> =
        filter.scope.any_of.iter().flat_map(|clause| clause.states.clone()).collect();
    let asked = |state: &DocumentState| filter.states.is_empty() || filter.states.contains(state);
    let states: Vec<DocumentState> = allowed.into_iter().filter(asked).collect();
    (!states.iter().any(|state| state.is_with_practice())).then_some(states)
}

fn way(plan: &Plan) -> Way<'_> {
    let filter = &plan.filter;
    if let Some(patients) = &filter.patients {
        Way::Patients(patients)
    } else if let Some(patient) = filter.chart_of {
        Way::Chart(patient)
    } else if plan.few {
        Way::Named(&filter.patient_groups)
    } else if let Some(token) = &filter.token {
        Way::Token(token)
    } else if let Some(person) = filter.unread_by {
        Way::Unread(person)
    } else if let Some(person) = filter.inbox_of {
        Way::Inbox(person)
    } else if let Some(states) = few_states(filter) {
        Way::States(states)
    } else if let Some(person) = filter.author {
        Way::Author(person)
    } else if let Some(person) = filter.uploader {
        Way::Uploader(person)
    } else {
        Way::Everything
    }
}

/// A text from FROM on, without order and limit, and the column by which it is ordered.
struct Found {
    condition: Condition,
    from: &'static str,
    id: &'static str,
}

fn equals(condition: &mut Condition, sql: &str, value: Option<Value>) {
    if let Some(value) = value {
        let place = condition.place(value);
        condition.and(&sql.replace("??", &place));
    }
}

/// The customer as text that no index is found by, and the way.
fn found(plan: &Plan) -> Found {
    let filter = &plan.filter;
    let mut condition = Condition::default();
    let customer = condition.place(filter.customer);
    let (mut from, mut id) = ("document", "document.document_id");
    let mut indexed = false;
    match way(plan) {
        Way::Patients(patients) => {
            let places: Vec<String> = patients.iter().map(|id| condition.place(*id)).collect();
            let any = if places.is_empty() {
                "1 = 0".to_owned()
            } else {
                format!("document.patient_id IN ({})", places.join(", "))
            };
            condition.and(&any);
        }
        Way::Named(groups) => {
            let named = patients::named_sql(&mut condition, &customer, groups);
            condition.and(&format!("document.patient_id IN ({named})"));
        }
        Way::Chart(patient) => {
            let place = condition.place(patient);
            condition.and(&format!("document.patient_id = {place} OR document.moved_from = {place}"));
        }
        Way::Token((field, token)) => {
            let (field, token) = (condition.place(field), condition.place(token.clone()));
            condition.and(&format!(
                "document.document_id IN (SELECT said.document_id FROM document_token said \
                 WHERE said.customer_id = {customer} AND said.field = {field} AND said.token = {token})"
            ));
        }
        Way::Inbox(person) | Way::Unread(person) => {
            (from, id) = ("recipient box CROSS JOIN document", "box.document_id");
            let place = condition.place(person);
            condition.and(&format!("document.document_id = box.document_id AND box.person_id = {place}"));
            if filter.unread_by.is_some() {
                condition.and("box.read_at IS NULL");
            }
        }
        Way::States(states) => {
            indexed = true;
            let states = condition.words("document.state", &states);
            condition.and(&states);
        }
        Way::Author(person) => equals(&mut condition, "document.author_id = ??", Some(Value::from(person))),
        Way::Uploader(person) => equals(&mut condition, "document.uploader_id = ??", Some(Value::from(person))),
        Way::Everything => indexed = true,
    }
    let column = if indexed { "document.customer_id".to_owned() } else { unindexed("document.customer_id") };
    condition.and(&format!("{column} = {customer}"));
    Found { condition, from, id }
}

/// Whatever else is asked, as conditions that no index is found by.
fn narrow(condition: &mut Condition, plan: &Plan, id: &str) {
    let filter = &plan.filter;
    equals(condition, &format!("{id} < ??"), filter.before.map(Value::from));
    if !filter.states.is_empty() {
        let states = condition.words(&unindexed("document.state"), &filter.states);
        condition.and(&states);
    }
    equals(condition, &format!("{} = ??", unindexed("document.author_id")), filter.author.map(Value::from));
    equals(condition, &format!("{} = ??", unindexed("document.uploader_id")), filter.uploader.map(Value::from));
    let chart = format!("{} = ?? OR {} = ??", unindexed("document.patient_id"), unindexed("document.moved_from"));
    let chart_of = filter.chart_of.filter(|_| !matches!(way(plan), Way::Chart(_)));
    equals(condition, &chart, chart_of.map(Value::from));
    let lies =
        "EXISTS (SELECT 1 FROM recipient lies WHERE lies.document_id = document.document_id AND lies.person_id = ??";
    // What the way says already is not looked at twice.
    let inbox = filter.inbox_of.filter(|_| !matches!(way(plan), Way::Inbox(_)));
    let unread = filter.unread_by.filter(|_| !matches!(way(plan), Way::Unread(_)));
    equals(condition, &format!("{lies})"), inbox.map(Value::from));
    equals(condition, &format!("{lies} AND lies.read_at IS NULL)"), unread.map(Value::from));
    if filter.waiting_for_pick_up {
        condition.and("document.picked_up_at IS NULL");
    }
    if filter.picked_up {
        condition.and("document.picked_up_at IS NOT NULL");
    }
    let token = filter.token.as_ref().filter(|_| !matches!(way(plan), Way::Token(_)));
    let groups = if plan.few { &[][..] } else { &filter.patient_groups };
    if groups.is_empty() && token.is_none() {
        return;
    }
    let customer = condition.place(filter.customer);
    for group in groups {
        let named = condition.named(&customer, group, "document.patient_id");
        condition.and(&named);
    }
    if let Some((field, token)) = token {
        let (field, token) = (condition.place(field), condition.place(token.clone()));
        condition.and(&format!(
            "(SELECT 1 FROM document_token says WHERE says.customer_id = {customer} AND says.field = {field} \
             AND says.token = {token} AND says.document_id = document.document_id) IS NOT NULL"
        ));
    }
}

fn condition_of(plan: &Plan) -> Found {
    let mut found = found(plan);
    narrow(&mut found.condition, plan, found.id);
    // Last, because it is the dearest to look at.
    scope::documents(&mut found.condition, &plan.filter.scope);
    found
}

fn page_sql(plan: &Plan, limit: u32) -> (String, Vec<Value>) {
    let Found { mut condition, from, id } = condition_of(plan);
    let limit_place = condition.place(limit.saturating_add(1));
    let sql = format!("SELECT {DOCUMENT} FROM {from} WHERE {} ORDER BY {id} DESC LIMIT {limit_place}", condition.sql);
    (sql, condition.values)
}

impl Store {
    /// Looks at the names that are asked for. `None`: nobody has them, so nothing can be found.
    async fn plan(&self, filter: &DocumentFilter) -> Result<Option<Plan>, StoreError> {
        let mut filter = filter.clone();
        let mut few = false;
        if !filter.patient_groups.is_empty() {
            let Some(sized) = self.groups_by_size(filter.customer, &filter.patient_groups).await? else {
                return Ok(None);
            };
            let (least, many) = (sized.first().map_or(0, |(size, _)| *size), sized.len());
            filter.patient_groups = sized.into_iter().map(|(_, group)| group).collect();
            let narrowed = filter.patients.is_some() || filter.chart_of.is_some();
            few = !narrowed
                && (least < u64::from(patients::COMMON)
                    || (many > 1
                        && self.patients_count(filter.customer, &filter.patient_groups, PATIENTS_MAX).await?
                            < u64::from(PATIENTS_MAX)));
        }
        Ok(Some(Plan { filter, few }))
    }

    /// A page of documents in scope, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_list(&self, filter: &DocumentFilter, limit: u32) -> Result<Page<Document>, StoreError> {
        let Some(plan) = self.plan(filter).await? else { return Ok(Page { items: Vec::new(), more: false }) };
        let (sql, values) = page_sql(&plan, limit);
        let rows = self.rows("list documents", sql, values).await?;
        let more = rows.len() > limit as usize;
        let items = rows.iter().take(limit as usize).map(document).collect::<Result<_, _>>()?;
        Ok(Page { items, more })
    }

    /// How many documents are in scope, counted up to `most`.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_count(&self, filter: &DocumentFilter, most: u32) -> Result<u64, StoreError> {
        let Some(plan) = self.plan(filter).await? else { return Ok(0) };
        let Found { mut condition, from, .. } = condition_of(&plan);
        let most_place = condition.place(most);
        let sql = format!(
            "SELECT COUNT(*) AS many FROM (SELECT 1 FROM {from} WHERE {} LIMIT {most_place}) AS counted",
            condition.sql
        );
        let row = self.row("count documents", sql, condition.values).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }
}

/// For tests: how the engine goes about a page.
#[cfg(test)]
pub(crate) async fn page_plan(store: &Store, filter: &DocumentFilter, few: bool) -> Vec<String> {
    let (sql, values) = page_sql(&Plan { filter: filter.clone(), few }, 50);
    store.explain(&sql, values).await
}
