//! Whoever changes a line of a policy or a clause of a scope is noticed: every such change is made here, one at a
//! time, and must either refuse to start or make the oracle disagree on a corpus that meets every rule.
//!
//! The corpus is directed, not random: every action, asked by every role, assigned and not, about every kind of
//! thing in every state and relation; and by somebody with all roles and one flaw.

#[path = "../tests/shared/ask.rs"]
#[expect(dead_code, reason = "here Cedar is asked directly; only intents are stated this way")]
mod ask;
#[path = "mutation/corpus.rs"]
mod corpus;
#[path = "../tests/shared/oracle.rs"]
mod rules;

use crate::engine::Policy;
use crate::engine::load::{self, POLICIES, SCHEMA};
use crate::scope::{self, rules as clauses};
use crate::{ResourceFacts, question};
use cedar_policy::{ActionConstraint, Authorizer, Decision as Answer, Effect, Entities, PolicyId, PolicySet, Request};
use cedar_policy::{Schema, ValidationMode, Validator};
use corpus::Case;
use record::{Principal, ResourceId};
use std::collections::BTreeSet;
use std::str::FromStr;

/// A case, ready for Cedar; the requests are empty when the facts alone refuse it.
struct Ready<'c> {
    case: &'c Case,
    requests: Vec<Request>,
    entities: Entities,
    oracle: bool,
}

fn ready<'c>(policy: &Policy, case: &'c Case) -> Ready<'c> {
    let action = case.intent.action();
    let built = question::put(action, &case.intent, &case.facts)
        .and_then(|question| policy.requests(action, case.intent.purpose(), &question));
    let (requests, entities) = built.unwrap_or((Vec::new(), Entities::empty()));
    Ready { case, requests, entities, oracle: rules::may(action, &case.intent, &case.facts) }
}

/// Each statement of the files: its name and its text.
fn statements() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (_, text) in POLICIES {
        let mut statement = String::new();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim().is_empty()) {
            statement.push_str(line);
            statement.push('\n');
            if line.ends_with(';') {
                let id = statement.split('"').nth(1).unwrap_or_default().to_owned();
                all.push((id, std::mem::take(&mut statement)));
            }
        }
    }
    all
}

/// Mends what taking a line out leaves behind, so that the rest is a policy again.
fn mended(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    for (from, to) in [
        (",\n        ]", "\n        ]"),
        (",\n    ]", "\n    ]"),
        (" ||\n}", "\n}"),
        ("when {\n}", ""),
        ("unless {\n}", ""),
    ] {
        text = text.replace(from, to);
    }
    if text.trim_end().ends_with(';') { text } else { text + ";" }
}

/// Every change to a statement: a line taken out, a word turned round.
fn mutants(statement: &str) -> Vec<(String, String)> {
    let lines: Vec<String> = statement.lines().map(str::to_owned).collect();
    let mut all = Vec::new();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with('@')) {
        let mut without = lines.clone();
        without.remove(place);
        all.push((format!("without line {}: {line}", place + 1), mended(&without)));
        for (from, to) in [
            ("when {", "unless {"),
            ("unless {", "when {"),
            ("||", "&&"),
            ("&&", "||"),
            (" == ", " != "),
            ("{ !", "{ "),
            ("!resource", "resource"),
            ("forbid (", "permit ("),
            ("permit (", "forbid ("),
            (" < 2", " < 1"),
            (" < 2", " < 3"),
        ] {
            if line.contains(from) {
                let mut turned = lines.clone();
                turned[place] = line.replace(from, to);
                all.push((format!("{from} became {to} in line {}: {line}", place + 1), mended(&turned)));
            }
        }
    }
    all
}

fn satisfied(authorizer: &Authorizer, alone: &PolicySet, ready: &Ready<'_>) -> Vec<bool> {
    ready
        .requests
        .iter()
        .map(|request| {
            authorizer.is_authorized(request, alone, &ready.entities).diagnostics().reason().next().is_some()
        })
        .collect()
}

fn decides(authorizer: &Authorizer, policies: &PolicySet, ready: &Ready<'_>) -> bool {
    !ready.requests.is_empty()
        && ready.requests.iter().all(|request| {
            let response = authorizer.is_authorized(request, policies, &ready.entities);
            response.decision() == Answer::Allow && response.diagnostics().errors().next().is_none()
        })
}

/// The one statement alone, if the validator lets it start.
fn alone(schema: &Schema, text: &str, id: &str) -> Option<PolicySet> {
    let parsed = PolicySet::from_str(text).ok()?;
    let policy = parsed.policies().next()?.new_id(PolicyId::new(id));
    if policy.effect() == Effect::Forbid && policy.annotation("why").is_none()
        || policy.effect() == Effect::Permit && policy.annotation("why").is_some()
    {
        return None;
    }
    let set = PolicySet::from_policies([policy]).ok()?;
    let verdict = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    verdict.validation_passed_without_warnings().then_some(set)
}

fn replaced(policies: &PolicySet, id: &PolicyId, by: Option<&PolicySet>) -> PolicySet {
    let others = policies.policies().filter(|policy| policy.id() != id);
    let new = by.into_iter().flat_map(PolicySet::policies);
    PolicySet::from_policies(others.chain(new).cloned()).expect("one goes, one of the same name comes")
}

fn concerned<'r, 'c>(all: &'r [Ready<'c>], set: &PolicySet) -> Vec<&'r Ready<'c>> {
    let named: BTreeSet<String> = match set.policies().next().map(cedar_policy::Policy::action_constraint) {
        Some(ActionConstraint::Eq(uid)) => [uid.id().unescaped().to_owned()].into(),
        Some(ActionConstraint::In(uids)) => uids.iter().map(|uid| uid.id().unescaped().to_owned()).collect(),
        _ => return all.iter().collect(),
    };
    all.iter().filter(|ready| named.contains(ready.case.intent.action().as_str())).collect()
}

#[test]
fn the_corpus_agrees_with_the_oracle_and_any_changed_line_of_a_policy_is_noticed() {
    let policy = Policy::embedded().expect("the embedded policies are in order");
    let (policies, _) = load::read(POLICIES).expect("they were read just now");
    let authorizer = Authorizer::new();
    let (cases, statements) = (corpus::all(), statements());
    assert_eq!(statements.len(), policies.policies().count(), "the statements were not told apart");
    let ready: Vec<Ready<'_>> = cases.iter().map(|case| ready(&policy, case)).collect();
    for ready in &ready {
        let answer = decides(&authorizer, &policies, ready);
        assert_eq!(answer, ready.oracle, "{:#?}\n{:#?}", ready.case.intent, ready.case.facts);
    }
    let (mut made, mut refused, mut survivors) = (0_u32, 0_u32, BTreeSet::new());
    for (id, statement) in &statements {
        let schema = &policy.schema;
        let original = alone(schema, statement, id).unwrap_or_else(|| panic!("{id} was not cut out whole"));
        let concerned = concerned(&ready, &original);
        let before: Vec<Vec<bool>> = concerned.iter().map(|ready| satisfied(&authorizer, &original, ready)).collect();
        let name = PolicyId::new(id);
        let noticed = |by: Option<&PolicySet>| {
            let whole = replaced(&policies, &name, by);
            concerned.iter().zip(&before).any(|(ready, before)| {
                let differs = by.is_none_or(|set| {
                    set.policies().next().map(cedar_policy::Policy::effect)
                        != original.policies().next().map(cedar_policy::Policy::effect)
                        || satisfied(&authorizer, set, ready) != *before
                });
                differs
                    && before.iter().any(|was| *was || by.is_some())
                    && decides(&authorizer, &whole, ready) != ready.oracle
            })
        };
        made += 1;
        if !noticed(None) {
            survivors.insert((id.clone(), "removed whole".to_owned()));
        }
        for (what, text) in mutants(statement) {
            made += 1;
            match alone(schema, &text, id) {
                None => {
                    // A name taken out of a list leaves a policy; if it did not, nothing would have been tried.
                    let line = what.split_once(": ").map_or("", |(_, line)| line.trim_start());
                    let name = ["Action::", "State::", "Role::"].iter().any(|name| line.starts_with(name));
                    assert!(!(name && what.starts_with("without")), "{id}: {what}: was not mended\n{text}");
                    refused += 1;
                }
                Some(mutant) if noticed(Some(&mutant)) => {}
                Some(_) => drop(survivors.insert((id.clone(), what))),
            }
        }
    }
    let expected = SECOND_WALLS.iter().map(|(id, what, _)| ((*id).to_owned(), (*what).to_owned())).collect();
    assert_eq!(survivors, expected, "of {made} changes ({refused} refused at start) these went unnoticed");
    assert!(made > 600 && made - refused > 400, "{made} changes, of which {refused} would not have started");
}

/// Lines behind another wall: taking one out alone opens nothing, since the other still stands. They are named one by
/// one, so that one that is gone, and one that is new, is noticed here.
const SECOND_WALLS: &[(&str, &str, &str)] = &[
    (
        "work-upload-document",
        "without line 14: when { principal.assigned }",
        "an upload is always an act upon the customer too, and work-upload asks for the assignment there",
    ),
    ("work-upload-patient", "without line 14: when { principal.assigned };", "the same"),
    (
        "transcriptionist-names-with-documents",
        "without line 13: when { principal.assigned }",
        "the document that names the patient must be permitted too, which needs the assignment",
    ),
    (
        "request-documents",
        "without line 7: when { principal.in_request };",
        "a trace is always about a patient too, and request-patients asks for the request there",
    ),
    (
        "manager-people",
        "without line 12: unless { resource.at_operator };",
        "a manager's role counts only for an intent about the practice, where no place at the operator can be named",
    ),
];

/// The corpus as the scopes see it: one document or one patient of the customer, and whether policy permits it.
fn rows(cases: &[Case]) -> Vec<(&Case, &ResourceFacts, bool)> {
    let is_row = |case: &&Case| case.facts.resources.len() == 1 && case.intent.resources().as_slice().len() == 1;
    cases
        .iter()
        .filter(is_row)
        .filter(|case| case.intent.purpose() != record::Purpose::Incident)
        .filter_map(|case| Some((case, case.facts.resources.first()?)))
        .filter(|(_, row)| matches!(row.id(), ResourceId::DocumentId(_) | ResourceId::PatientId(_)))
        .map(|(case, row)| (case, row, rules::may(case.intent.action(), &case.intent, &case.facts)))
        .collect()
}

fn asking(case: &Case) -> Option<scope::Asking<'_>> {
    let (action, facts) = (case.intent.action(), &case.facts.principal);
    let customer = case.intent.customer()?;
    Some(scope::Asking { action, facts, principal: case.intent.principal(), customer, at: case.intent.at() })
}

fn scopes_hold(
    rows: &[(&Case, &ResourceFacts, bool)],
    documents: &[clauses::DocumentRule],
    patients: &[clauses::PatientRule],
) -> bool {
    let (documents, patients) = (documents.iter().collect::<Vec<_>>(), patients.iter().collect::<Vec<_>>());
    rows.iter().all(|(case, row, permitted)| {
        let Some(asking) = asking(case) else { return true };
        let action = asking.action;
        let principal: Principal = asking.principal;
        match row {
            ResourceFacts::Document(document) if corpus::DOCUMENT_SCOPES.contains(&action) => {
                asking.documents(&documents).holds(document, principal) == *permitted
            }
            ResourceFacts::Patient(patient) if corpus::PATIENT_SCOPES.contains(&action) => {
                asking.patients(&patients).holds(patient, principal) == *permitted
            }
            _ => true,
        }
    })
}

#[test]
fn any_changed_clause_of_a_document_scope_is_noticed() {
    let cases = corpus::all();
    let rows = rows(&cases);
    assert!(scopes_hold(&rows, clauses::DOCUMENTS, clauses::PATIENTS), "scope and policy differ to begin with");
    let leak =
        |list: Vec<record::document::DocumentState>| -> &'static [record::document::DocumentState] { list.leak() };
    let mut survivors = Vec::new();
    for place in 0..clauses::DOCUMENTS.len() {
        let rule = clauses::DOCUMENTS[place];
        let mut changes: Vec<Option<clauses::DocumentRule>> = vec![None];
        // What another clause of the same role says already is no change to what is seen.
        let said_elsewhere = |state: &record::document::DocumentState| {
            clauses::DOCUMENTS.iter().enumerate().any(|(other, known)| {
                other != place
                    && known.holder == rule.holder
                    && rule.actions.iter().all(|action| known.actions.contains(action))
                    && known.states.contains(state)
                    && known.most >= rule.most
                    && (known.who == rule.who || known.who == clauses::Who::Anyone)
            })
        };
        for state in record::document::DocumentState::ALL {
            let mut states = rule.states.to_vec();
            match states.iter().position(|known| known == state) {
                Some(known) => drop(states.remove(known)),
                None => states.push(*state),
            }
            if !said_elsewhere(state) {
                changes.push(Some(clauses::DocumentRule { states: leak(states), ..rule }));
            }
        }
        use clauses::Who;
        for who in [Who::Anyone, Who::Author, Who::Recipient, Who::Uploader, Who::InCare, Who::GlassBroken] {
            if who != rule.who {
                changes.push(Some(clauses::DocumentRule { who, ..rule }));
            }
        }
        for most in record::document::Confidentiality::ALL {
            if *most != rule.most {
                changes.push(Some(clauses::DocumentRule { most: *most, ..rule }));
            }
        }
        for action in rule.actions {
            let actions: Vec<_> = rule.actions.iter().copied().filter(|other| other != action).collect();
            changes.push(Some(clauses::DocumentRule { actions: actions.leak(), ..rule }));
        }
        for change in changes {
            let mut all = clauses::DOCUMENTS.to_vec();
            match change {
                Some(changed) => all[place] = changed,
                None => drop(all.remove(place)),
            }
            if scopes_hold(&rows, &all, clauses::PATIENTS) {
                survivors.push(format!("{rule:?} → {change:?}"));
            }
        }
    }
    assert!(survivors.is_empty(), "nobody noticed:\n{}", survivors.join("\n"));
}

#[test]
fn any_changed_clause_of_a_patient_scope_is_noticed() {
    let cases = corpus::all();
    let rows = rows(&cases);
    let mut survivors = Vec::new();
    for place in 0..clauses::PATIENTS.len() {
        let rule = clauses::PATIENTS[place];
        let mut changes: Vec<Option<clauses::PatientRule>> = vec![None];
        use clauses::PatientWho;
        for who in [PatientWho::Anyone, PatientWho::InCare, PatientWho::GlassBroken] {
            if who != rule.who {
                changes.push(Some(clauses::PatientRule { who, ..rule }));
            }
        }
        for action in rule.actions {
            let actions: Vec<_> = rule.actions.iter().copied().filter(|other| other != action).collect();
            changes.push(Some(clauses::PatientRule { actions: actions.leak(), ..rule }));
        }
        for change in changes {
            let mut all = clauses::PATIENTS.to_vec();
            match change {
                Some(changed) => all[place] = changed,
                None => drop(all.remove(place)),
            }
            if scopes_hold(&rows, clauses::DOCUMENTS, &all) {
                survivors.push(format!("{rule:?} → {change:?}"));
            }
        }
    }
    assert!(survivors.is_empty(), "nobody noticed:\n{}", survivors.join("\n"));
}

#[test]
fn the_embedded_schema_names_every_role_state_and_purpose_and_no_other() {
    let words = |entity: &str| -> Vec<&str> {
        let after = SCHEMA.split(&format!("entity {entity} enum [")).nth(1).unwrap_or_default();
        let list = after.split(']').next().unwrap_or_default();
        list.split('"').skip(1).step_by(2).collect()
    };
    assert_eq!(words("Role"), record::Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>());
    assert_eq!(words("Purpose"), record::Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>());
    let states = record::document::DocumentState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>();
    assert_eq!(words("State"), states);
    let kept = record::document::Confidentiality::ALL.iter().map(|kept| kept.as_str()).collect::<Vec<_>>();
    assert_eq!(words("Confidentiality"), kept);
}
