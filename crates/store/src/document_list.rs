//! Lists of documents: one page of those that a filter wants and a scope allows, newest first.
//!
//! What must always hold: the customer and policy's scope are conditions of every text, whatever else is asked; a
//! page costs about as much in a practice with half a million documents as in a small one. So each text names the one
//! way by which its rows are found, and the engine is given no other: without statistics it guesses that a customer
//! has ten documents.

use crate::binds::{Planned, Value, binds};
use crate::documents::{DOCUMENT, document};
use crate::patients::{self, TokenGroup};
use crate::scope::{Condition, Rows, unindexed};
use crate::{Document, Page, Store, StoreError, kept, scope};
use policy::scope::{DocumentScope, Relation};
use record::document::DocumentState;
use record::{CustomerId, DocumentId, PatientId, PersonId, Principal};
use std::collections::{BTreeMap, BTreeSet};

/// A person who has fewer patients than this in their care has their lists put together patient by patient; with more,
/// a page is full soon when everybody's documents are walked along. Few in tests, so that they meet both sides.
const FEW_IN_CARE: u32 = if cfg!(test) { 4 } else { 1000 };

/// At most so many patients who have several names are told one by one; more of them fill a page soon when the documents of a
/// name are walked along. Few in tests, so that they meet both sides.
const FEW_NAMED: u32 = if cfg!(test) { 2 } else { 300 };

/// How many documents back a name is looked at, to tell a common one from a rare one.
const BACK: u32 = if cfg!(test) { 5 } else { 200 };

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

/// A filter, and the way by which its rows are found.
struct Plan {
    filter: DocumentFilter,
    way: Way,
}

impl Plan {
    fn planned(&self) -> Planned {
        if self.way == Way::Together { Planned::EachTime } else { Planned::Once }
    }
}

/// By which index the rows of a page are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// Patient by patient, then sorted.
    Patients,
    /// The same for patients who have what few have: the first of the groups says whom.
    Few,
    /// Along the documents of a name: of the first of the groups, which is the rarest.
    Names,
    /// Along the documents of two names at once, on a server, which walks both in the order of the documents and keeps what both
    /// have. Where two common names are rarely one patient's this reads twenty documents in the time in which one is looked up.
    Together,
    /// A chart: this patient's, and those moved away from it.
    Chart(PatientId),
    /// By blind token, then sorted.
    Token,
    /// Along somebody's inbox.
    Inbox(PersonId),
    /// Along what somebody has not read.
    Unread(PersonId),
    /// Patient by patient of those in somebody's care, and along their inbox and what they have spoken, then sorted.
    Care(PersonId),
    /// Along what somebody has brought, and state by state through the states in which few documents stand, then sorted.
    Brought(Principal, Vec<DocumentState>),
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

/// Somebody whose list holds what they have brought, and besides only documents in states in which few stand at a time.
fn brought(filter: &DocumentFilter) -> Option<(Principal, Vec<DocumentState>)> {
    let mut who = None;
    let mut states = BTreeSet::new();
    for clause in &filter.scope.any_of {
        match clause.who {
            Relation::UploaderIs(one) if who.is_none_or(|known| known == one) => who = Some(one),
            Relation::Anyone => states.extend(clause.states.iter().copied()),
            _ => return None,
        }
    }
    let few = !states.iter().any(|state| state.is_with_practice());
    who.filter(|_| few).map(|one| (one, states.into_iter().collect()))
}

/// The way, but for those who have few patients in their care.
fn way(filter: &DocumentFilter) -> Way {
    let is_rare = |group: &TokenGroup| group.iter().any(|(field, _)| !kept::is_name(field));
    if filter.patients.is_some() {
        Way::Patients
    } else if let Some(patient) = filter.chart_of {
        Way::Chart(patient)
    } else if filter.patient_groups.iter().any(is_rare) {
        Way::Few
    } else if filter.token.is_some() {
        Way::Token
    } else if !filter.patient_groups.is_empty() {
        Way::Names
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
    } else if let Some((who, states)) = brought(filter) {
        Way::Brought(who, states)
    } else {
        Way::Everything
    }
}

/// A text from SELECT on that finds ids, without order and limit.
struct Walk {
    /// What stands after FROM.
    from: &'static str,
    /// The column that holds the document's id, first in the order.
    id: &'static str,
    /// The column that holds its patient's, as early in the walk as it is known.
    patient: &'static str,
    /// How the rows are found.
    by: String,
    /// Where documents stand in the text.
    documents: Documents,
}

/// Where documents stand in a walk's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Documents {
    /// After FROM.
    Walked,
    /// Looked at one by one, as a condition upon what is walked along. Not a join: an engine that goes by its guess of how
    /// many rows each condition leaves would begin with the customer's documents, all half million of them.
    LookedAt,
}

impl Walk {
    fn of_documents(by: String) -> Self {
        Self {
            from: "document",
            id: "document.document_id",
            patient: "document.patient_id",
            by,
            documents: Documents::Walked,
        }
    }
}

fn equals(condition: &mut Condition, sql: &str, value: Option<Value>) {
    if let Some(value) = value {
        let place = condition.place(value);
        condition.and(&sql.replace("??", &place));
    }
}

fn one_of(condition: &mut Condition, column: &str, ids: impl Iterator<Item = PatientId>) -> String {
    let places: Vec<String> = ids.map(|id| condition.place(id)).collect();
    if places.is_empty() { "1 = 0".to_owned() } else { format!("{column} IN ({})", places.join(", ")) }
}

/// The walks of a way; what several of them find is found once.
fn walks(condition: &mut Condition, plan: &Plan, customer: &str) -> Vec<Walk> {
    let filter = &plan.filter;
    let by = match &plan.way {
        Way::Patients => {
            let patients = filter.patients.iter().flatten().copied();
            one_of(condition, "document.patient_id", patients)
        }
        Way::Few => {
            let named = patients::named_sql(condition, customer, &filter.patient_groups);
            format!("document.patient_id IN ({named})")
        }
        Way::Names => return names(condition, &filter.patient_groups),
        Way::Together => return together(condition, &filter.patient_groups, customer),
        Way::Chart(patient) => {
            let place = condition.place(*patient);
            format!("(document.patient_id = {place} OR document.moved_from = {place})")
        }
        Way::Token => {
            let said = filter.token.iter().map(|(field, token)| {
                let (field, token) = (condition.place(field), condition.place(token.clone()));
                format!(
                    "document.document_id IN (SELECT said.document_id FROM document_token said \
                     WHERE said.customer_id = {customer} AND said.field = {field} AND said.token = {token})"
                )
            });
            said.collect()
        }
        &Way::Inbox(person) => return vec![inbox(condition, person, "")],
        &Way::Unread(person) => return vec![inbox(condition, person, " AND box.read_at IS NULL")],
        &Way::Care(person) => return cared(condition, person, filter, customer),
        Way::Brought(who, states) => {
            let mine = Walk::of_documents(format!("document.uploader_id = {}", condition.place(who.to_string())));
            let few = format!("{} AND document.customer_id = {customer}", condition.words("document.state", states));
            return vec![mine, Walk::of_documents(few)];
        }
        Way::Author(person) => format!("document.author_id = {}", condition.place(*person)),
        Way::Uploader(person) => format!("document.uploader_id = {}", condition.place(*person)),
        Way::States(states) => {
            format!("{} AND document.customer_id = {customer}", condition.words("document.state", states))
        }
        Way::Everything => format!("document.customer_id = {customer}"),
    };
    vec![Walk::of_documents(by)]
}

fn inbox(condition: &mut Condition, person: PersonId, more: &str) -> Walk {
    Walk {
        from: "recipient box",
        id: "box.document_id",
        patient: "document.patient_id",
        by: format!("box.person_id = {}{more}", condition.place(person)),
        documents: Documents::LookedAt,
    }
}

/// Along the first group's names; a document that has all the others is looked at.
fn names(condition: &mut Condition, groups: &[TokenGroup]) -> Vec<Walk> {
    let Some((lead, others)) = groups.split_first() else { return Vec::new() };
    let others: Vec<String> =
        others.iter().map(|group| format!(" AND ({})", condition.named_document(group, "lead.document_id"))).collect();
    let walk = |(_, token): &(String, Vec<u8>)| Walk {
        from: "document_name lead",
        id: "lead.document_id",
        patient: "document.patient_id",
        by: format!("lead.token = {}{}", condition.place(token.clone()), others.concat()),
        documents: Documents::LookedAt,
    };
    lead.iter().map(walk).collect()
}

/// Along both of the first two groups' names, of which each is one; a document that has all the others is looked at.
fn together(condition: &mut Condition, groups: &[TokenGroup], customer: &str) -> Vec<Walk> {
    let (two, others) = groups.split_at(2);
    let mut by = format!("lead.customer_id = {customer} AND also.customer_id = {customer}");
    for (name, group) in ["lead", "also"].iter().zip(two) {
        for (_, token) in group {
            by.push_str(&format!(" AND {name}.token = {}", condition.place(token.clone())));
        }
    }
    for group in others {
        by.push_str(&format!(" AND ({})", condition.named_document(group, "lead.document_id")));
    }
    let from = "document_name lead JOIN document_name also ON also.document_id = lead.document_id";
    vec![Walk { from, id: "lead.document_id", patient: "document.patient_id", by, documents: Documents::LookedAt }]
}

/// All that [`scope::whose_list`] names as a person's.
fn cared(condition: &mut Condition, person: PersonId, filter: &DocumentFilter, customer: &str) -> Vec<Walk> {
    let who = condition.place(person);
    let mut walks = vec![Walk {
        from: "care CROSS JOIN document",
        id: "document.document_id",
        patient: "care.patient_id",
        by: format!(
            "care.person_id = {who} AND care.customer_id = {customer} AND document.patient_id = care.patient_id"
        ),
        documents: Documents::Walked,
    }];
    if filter.patient_groups.is_empty() {
        walks.push(Walk::of_documents(format!("document.author_id = {who}")));
        walks.push(inbox(condition, person, ""));
    } else {
        // Whoever has a name is a patient, and whose delivered or signed documents they wrote or were sent is in their care
        // ([`kept`]): what is left stands in other states, in which few documents stand at a time.
        let states = filter.scope.any_of.iter().flat_map(|clause| &clause.states).copied();
        let few: BTreeSet<DocumentState> = states.filter(|state| !state.is_with_practice()).collect();
        if !few.is_empty() {
            let few: Vec<DocumentState> = few.into_iter().collect();
            let stand = condition.words("document.state", &few);
            walks.push(Walk::of_documents(format!("{stand} AND document.customer_id = {customer}")));
        }
    }
    let mut glasses = filter.scope.any_of.iter().filter_map(|clause| match clause.who {
        Relation::PatientIs(patient) => Some(patient),
        _ => None,
    });
    if let Some(first) = glasses.next() {
        let under_glass = one_of(condition, "document.patient_id", std::iter::once(first).chain(glasses));
        walks.push(Walk::of_documents(under_glass));
    }
    walks
}

/// Whatever else is asked, as conditions that no index is found by.
fn narrow(condition: &mut Condition, plan: &Plan, walk: &Walk, customer: &str) {
    let (filter, way) = (&plan.filter, &plan.way);
    // Before the dearer ones, because the engine looks at conditions in their order.
    if !matches!(way, Way::Names | Way::Together | Way::Few) {
        for group in &filter.patient_groups {
            let named = condition.named(customer, group, walk.patient);
            condition.and(&named);
        }
    }
    let column = unindexed("document.customer_id");
    condition.and(&format!("{column} = {customer}"));
    if !filter.states.is_empty() {
        let states = condition.words(&unindexed("document.state"), &filter.states);
        condition.and(&states);
    }
    equals(condition, &format!("{} = ??", unindexed("document.author_id")), filter.author.map(Value::from));
    equals(condition, &format!("{} = ??", unindexed("document.uploader_id")), filter.uploader.map(Value::from));
    let chart = format!("{} = ?? OR {} = ??", unindexed("document.patient_id"), unindexed("document.moved_from"));
    let chart_of = filter.chart_of.filter(|_| !matches!(way, Way::Chart(_)));
    equals(condition, &chart, chart_of.map(Value::from));
    let lies =
        "EXISTS (SELECT 1 FROM recipient lies WHERE lies.document_id = document.document_id AND lies.person_id = ??";
    // What the way says already is not looked at twice.
    let inbox = filter.inbox_of.filter(|_| !matches!(way, Way::Inbox(_)));
    let unread = filter.unread_by.filter(|_| !matches!(way, Way::Unread(_)));
    equals(condition, &format!("{lies})"), inbox.map(Value::from));
    equals(condition, &format!("{lies} AND lies.read_at IS NULL)"), unread.map(Value::from));
    if filter.waiting_for_pick_up {
        condition.and("document.picked_up_at IS NULL");
    }
    if filter.picked_up {
        condition.and("document.picked_up_at IS NOT NULL");
    }
    if let Some((field, token)) = filter.token.as_ref().filter(|_| *way != Way::Token) {
        let (field, token) = (condition.place(field), condition.place(token.clone()));
        condition.and(&format!(
            "(SELECT 1 FROM document_token says WHERE says.customer_id = {customer} AND says.field = {field} \
             AND says.token = {token} AND says.document_id = document.document_id) IS NOT NULL"
        ));
    }
}

/// The ids of all that a plan finds, without order and limit.
fn ids_sql(plan: &Plan) -> (String, Condition) {
    let mut condition = Condition::default();
    let customer = condition.place(plan.filter.customer);
    let rows = match plan.way {
        Way::Names | Way::Together | Way::Everything => Rows::Many,
        _ => Rows::Own,
    };
    let mut texts = Vec::new();
    for walk in walks(&mut condition, plan, &customer) {
        condition.and(&walk.by);
        equals(&mut condition, &format!("{} < ??", walk.id), plan.filter.before.map(Value::from));
        let mut along = String::new();
        if walk.documents == Documents::LookedAt {
            along = std::mem::take(&mut condition.sql);
            condition.and(&format!("document.document_id = {}", walk.id));
            if plan.way == Way::Together {
                // So that it is looked at after both names are known to agree, and not for every document of the first.
                condition.and("document.document_id = also.document_id");
            }
        }
        narrow(&mut condition, plan, &walk, &customer);
        // Last, because it is the dearest to look at.
        scope::documents(&mut condition, &plan.filter.scope, rows);
        let mut wanted = std::mem::take(&mut condition.sql);
        if walk.documents == Documents::LookedAt {
            wanted = format!("{along} AND (SELECT 1 FROM document WHERE {wanted}) IS NOT NULL");
        }
        texts.push(format!("SELECT {} AS document_id FROM {} WHERE {wanted}", walk.id, walk.from));
    }
    (texts.join(" UNION "), condition)
}

/// First the ids of a page, for which most ways need no more than an index; then the rows of these.
fn page_sql(plan: &Plan, limit: u32) -> (String, Vec<Value>) {
    let (ids, mut condition) = ids_sql(plan);
    let limit_place = condition.place(limit.saturating_add(1));
    let sql = format!(
        "SELECT {DOCUMENT} FROM document WHERE document.document_id IN ({ids} ORDER BY document_id DESC LIMIT {limit_place}) \
         ORDER BY document.document_id DESC"
    );
    (sql, condition.values)
}

impl Store {
    /// Looks at what is asked for, and says how to go about it. `None`: nothing can be found.
    async fn plan(&self, filter: &DocumentFilter) -> Result<Option<Plan>, StoreError> {
        let mut filter = filter.clone();
        if filter.patient_groups.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        let mut way = way(&filter);
        match way {
            // What few have leads; names are looked at after it.
            Way::Few => filter.patient_groups.sort_by_key(|group| group.iter().all(|(field, _)| kept::is_name(field))),
            Way::Names => {
                let Some(sorted) = self.names_by_rarity(filter.customer, &filter.patient_groups).await? else {
                    return Ok(None);
                };
                let are_single = sorted.len() > 1 && sorted.iter().take(2).all(|group| group.len() == 1);
                filter.patient_groups = sorted;
                if are_single && self.is_on_server() {
                    way = Way::Together;
                } else if let Some(few) = self.few_named(filter.customer, &filter.patient_groups).await? {
                    (filter.patients, filter.patient_groups, way) = (Some(few), Vec::new(), Way::Patients);
                }
            }
            _ => {}
        }
        if matches!(way, Way::Names | Way::Together | Way::Everything)
            && let Some(person) = scope::whose_list(&filter.scope)
            && self.care_count(filter.customer, person, FEW_IN_CARE).await? < u64::from(FEW_IN_CARE)
        {
            way = Way::Care(person);
        }
        Ok(Some(Plan { filter, way }))
    }

    /// The groups with the alternatives that any document has, the rarest group first: the one whose names reach
    /// furthest back within so many documents. `None` when a group is nobody's.
    async fn names_by_rarity(
        &self,
        customer: CustomerId,
        groups: &[TokenGroup],
    ) -> Result<Option<Vec<TokenGroup>>, StoreError> {
        let mut condition = Condition::default();
        // A token is one customer's by its key. Who that is, is said for the wall; a condition would read every row.
        let customer = condition.place(customer);
        let back = condition.place(BACK);
        let look = |(at, (_, token)): (usize, &(String, Vec<u8>))| {
            let token = condition.place(token.clone());
            let newest = format!(
                "SELECT document_id FROM document_name WHERE token = {token} AND {customer} <> '' \
                 ORDER BY document_id DESC LIMIT 1"
            );
            format!("SELECT {at} AS place, ({newest}) AS newest, ({newest} OFFSET {back}) AS back")
        };
        let texts: Vec<String> = groups.iter().flatten().enumerate().map(look).collect();
        if texts.is_empty() {
            return Ok(None);
        }
        let rows = self.rows("look how common names are", texts.join(" UNION ALL "), condition.values).await?;
        // For each token: does any document have it, and how far back does it reach. None: to the first document.
        let mut looked: Vec<Option<Option<DocumentId>>> = vec![None; texts.len()];
        for row in &rows {
            let at = usize::try_from(row.count("place")?).unwrap_or(usize::MAX);
            let newest: Option<DocumentId> = row.maybe_word("newest")?;
            let back = row.maybe_word("back")?;
            *looked.get_mut(at).ok_or(StoreError::Column { column: "place" })? = newest.map(|_| back);
        }
        let mut looked = looked.into_iter();
        let mut sorted: Vec<(Option<DocumentId>, TokenGroup)> = Vec::with_capacity(groups.len());
        for group in groups {
            let (mut had, mut back) = (TokenGroup::new(), None);
            for (one, found) in group.iter().zip(&mut looked) {
                if let Some(reach) = found {
                    had.push(one.clone());
                    back = back.max(reach);
                }
            }
            if had.is_empty() {
                return Ok(None);
            }
            sorted.push((back, had));
        }
        sorted.sort_by_key(|(back, group)| (*back, group.len()));
        Ok(Some(sorted.into_iter().map(|(_, group)| group).collect()))
    }

    /// The patients who have several names, when they are few. As many times as it takes to a power of two, so that the texts
    /// that name them are few too.
    async fn few_named(
        &self,
        customer: CustomerId,
        groups: &[TokenGroup],
    ) -> Result<Option<Vec<PatientId>>, StoreError> {
        if groups.len() < 2 {
            return Ok(None);
        }
        let mut condition = Condition::default();
        let whose = condition.place(customer);
        let named = patients::named_sql(&mut condition, &whose, groups);
        let most = condition.place(FEW_NAMED + 1);
        let sql = format!("SELECT named.patient_id AS patient_id FROM ({named}) AS named LIMIT {most}");
        let rows = self.rows("look who has these names", sql, condition.values).await?;
        if rows.len() > FEW_NAMED as usize {
            return Ok(None);
        }
        let mut few = rows.iter().map(|row| row.word("patient_id")).collect::<Result<Vec<PatientId>, _>>()?;
        if let Some(last) = few.last().copied() {
            few.resize(few.len().next_power_of_two(), last);
        }
        Ok(Some(few))
    }

    /// How many patients of a customer are in somebody's care, counted up to `most`.
    async fn care_count(&self, customer: CustomerId, person: PersonId, most: u32) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM (SELECT 1 FROM care WHERE person_id = $1 AND customer_id = $2 LIMIT $3) \
                   AS counted";
        let row = self.row("count patients in care", sql, binds![person, customer, most]).await?;
        row.map_or(Ok(0), |row| row.count("many"))
    }

    /// A page of documents in scope, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_list(&self, filter: &DocumentFilter, limit: u32) -> Result<Page<Document>, StoreError> {
        let Some(plan) = self.plan(filter).await? else { return Ok(Page { items: Vec::new(), more: false }) };
        let (sql, values) = page_sql(&plan, limit);
        let rows = self.rows_planned("list documents", plan.planned(), (sql, values)).await?;
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
        let (ids, mut condition) = ids_sql(&plan);
        let most_place = condition.place(most);
        let sql =
            format!("SELECT COUNT(*) AS many FROM (SELECT 1 FROM ({ids}) AS found LIMIT {most_place}) AS counted");
        let rows = self.rows_planned("count documents", plan.planned(), (sql, condition.values)).await?;
        rows.first().map_or(Ok(0), |row| row.count("many"))
    }

    /// How many documents in scope are about each of these patients, counted up to `most` for each: one question,
    /// however many they are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_count_many(
        &self,
        customer: CustomerId,
        scope: &DocumentScope,
        patients: &[PatientId],
        most: u32,
    ) -> Result<BTreeMap<PatientId, u64>, StoreError> {
        if patients.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut condition = Condition::default();
        let (customer, most) = (condition.place(customer), condition.place(most));
        let asked = one_of(&mut condition, "asked.patient_id", patients.iter().copied());
        condition.and(&format!(
            "document.patient_id = asked.patient_id AND {} = {customer}",
            unindexed("document.customer_id")
        ));
        scope::documents(&mut condition, scope, Rows::Own);
        let sql = format!(
            "SELECT asked.patient_id AS patient_id, (SELECT COUNT(*) FROM (SELECT 1 FROM document WHERE {} LIMIT {most}) \
             AS counted) AS many FROM patient asked WHERE asked.customer_id = {customer} AND {asked}",
            condition.sql
        );
        let rows = self.rows("count documents of patients", sql, condition.values).await?;
        rows.iter().map(|row| Ok((row.word("patient_id")?, row.count("many")?))).collect()
    }
}

/// For tests: how the engine goes about a page, by the way that is chosen or by that of few in care.
#[cfg(test)]
pub(crate) async fn page_plan(store: &Store, filter: &DocumentFilter, care: Option<PersonId>) -> Vec<String> {
    let way = care.map_or_else(|| way(filter), Way::Care);
    let (sql, values) = page_sql(&Plan { filter: filter.clone(), way }, 50);
    store.explain(&sql, values).await
}
