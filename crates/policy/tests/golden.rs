//! The golden table: every role, action, state and relation, as the policies answer, in a text that an auditor can
//! read. `UPDATE_GOLDEN=1` writes it anew; otherwise the text in git must be what the policies say.

#[path = "shared/ask.rs"]
mod ask;

use ask::Asked;
use record::action::{Opens, StepUp, Subject};
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    Action, BreakGlassId, CustomerId, DocumentId, ManualClock, PatientId, PersonId, Principal, ProgramId, Purpose,
    RelatedPersonId, ResourceId, Resources, Right, Role, SeededEntropy, Side, Timestamp,
};
use std::fmt::Write as _;
use strongroom_policy::{
    BreakGlassFacts, BrokenGlassFact, CustomerFacts, DocumentFacts, Facts, JoiningFacts, MembershipFact, PatientFacts,
    PersonFacts, Policy, PrincipalFacts, ProgramFact, RelatedFacts, RequestFact, ResourceFacts, SignInFact, Why,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const HOME: CustomerId = CustomerId::from_bytes([1; 16]);
const ELSEWHERE: CustomerId = CustomerId::from_bytes([2; 16]);
const ME: PersonId = PersonId::from_bytes([1; 16]);
const COLLEAGUE: PersonId = PersonId::from_bytes([2; 16]);
const PATIENT: PatientId = PatientId::from_bytes([1; 16]);
const DOCUMENT: DocumentId = DocumentId::from_bytes([1; 16]);
const RELATED: RelatedPersonId = RelatedPersonId::from_bytes([1; 16]);
const MY_PROGRAM: ProgramId = ProgramId::from_bytes([1; 16]);
const GLASS: BreakGlassId = BreakGlassId::from_bytes([1; 16]);

/// One row: a kind of asker.
struct Row {
    name: String,
    principal: Principal,
    facts: PrincipalFacts,
}

fn person(name: String, role: Option<Role>) -> Row {
    let at = |role: Role| if role.side() == Side::Customer { Some(HOME) } else { None };
    let membership = |role| MembershipFact { customer: at(role), role, from: NOW.plus_millis(-1), to: None };
    let facts = PrincipalFacts {
        memberships: role.map(membership).into_iter().collect(),
        signed_in: Some(SignInFact { at: NOW, step_up_at: Some(NOW) }),
        passkeys: 2,
        ..PrincipalFacts::default()
    };
    Row { name, principal: Principal::Person(ME), facts }
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for role in Role::ALL {
        if role.side() == Side::Operator {
            let mut row = person(format!("{role}, assigned"), Some(*role));
            row.facts.assigned.push(HOME);
            rows.push(row);
        }
        rows.push(person(role.to_string(), Some(*role)));
    }
    // Every role at once, and yet nothing: what takes all rights away.
    let everything = |name: &str| {
        let mut row = person(name.to_owned(), None);
        row.facts.memberships =
            Role::ALL.iter().flat_map(|role| person(String::new(), Some(*role)).facts.memberships).collect();
        row.facts.assigned.push(HOME);
        row
    };
    let mut ended = everything("all roles, ended");
    ended.facts.memberships.iter_mut().for_each(|membership| membership.to = Some(NOW));
    let mut away = everything("all practice roles, elsewhere");
    away.facts.memberships.retain(|membership| membership.customer.is_some());
    away.facts.memberships.iter_mut().for_each(|membership| membership.customer = Some(ELSEWHERE));
    let mut suspended = everything("all roles, suspended");
    suspended.facts.suspended = true;
    let mut signed_out = everything("all roles, no session");
    signed_out.facts.signed_in = None;
    let mut one_passkey = everything("all roles, one passkey");
    one_passkey.facts.passkeys = 1;
    let mut no_touch = everything("all roles, no touch");
    no_touch.facts.signed_in = Some(SignInFact { at: NOW, step_up_at: None });
    rows.extend([ended, away, suspended, signed_out, one_passkey, no_touch, person("no role".to_owned(), None)]);
    let stranger = Row { principal: Principal::Stranger, ..everything("stranger") };
    let program = Row { principal: Principal::Program(MY_PROGRAM), ..everything("program") };
    let mut job = Row { principal: Principal::Program(MY_PROGRAM), ..person("system job".to_owned(), None) };
    job.facts.system_job = true;
    rows.extend([stranger, program, job]);
    let granted = |name: String, rights: &[Right], at: CustomerId| {
        let fact = ProgramFact {
            customer: at,
            rights: rights.iter().copied().collect(),
            from: NOW.plus_millis(-1),
            to: NOW.plus_millis(1),
        };
        let facts = PrincipalFacts { program: Some(fact), ..PrincipalFacts::default() };
        Row { name, principal: Principal::Program(MY_PROGRAM), facts }
    };
    for right in Right::ALL {
        rows.push(granted(format!("program, {}", right.as_str().trim_start_matches("system/")), &[*right], HOME));
    }
    rows.push(granted("program, no right".to_owned(), &[], HOME));
    rows.push(granted("program, all, elsewhere".to_owned(), Right::ALL, ELSEWHERE));
    let mut over = granted("program, all, ended".to_owned(), Right::ALL, HOME);
    over.facts.program.iter_mut().for_each(|fact| fact.to = NOW);
    let mut early = granted("program, all, not begun".to_owned(), Right::ALL, HOME);
    early.facts.program.iter_mut().for_each(|fact| fact.from = NOW.plus_millis(1));
    rows.extend([over, early]);
    rows
}

/// One cell: a thing so related to the asker.
#[derive(Default)]
struct Case {
    resources: Vec<ResourceFacts>,
    named: Vec<ResourceId>,
    customer: Option<CustomerId>,
    no_agreement: bool,
    glass_broken: bool,
    requested_by: Option<PersonId>,
    joining: JoiningFacts,
    in_request: bool,
}

fn case(resources: Vec<ResourceFacts>) -> Case {
    Case {
        named: resources.iter().map(ResourceFacts::id).collect(),
        resources,
        customer: Some(HOME),
        ..Case::default()
    }
}

fn ask(policy: &Policy, row: &Row, action: Action, case: &Case) -> Result<(), Why> {
    let mut facts = Facts {
        principal: row.facts.clone(),
        resources: case.resources.clone(),
        customer: case.customer.map(|id| CustomerFacts {
            id,
            agreement_in_force: !case.no_agreement,
            requested_by: case.requested_by,
            joining: case.joining,
        }),
    };
    if case.glass_broken {
        let (from, to) = (NOW, NOW.plus_millis(1));
        facts.principal.broken_glass.push(BrokenGlassFact { customer: HOME, patient: PATIENT, from, to });
    }
    if case.in_request {
        facts.principal.requests.push(RequestFact { customer: HOME, from: NOW, to: NOW.plus_millis(1) });
    }
    let asked = Asked {
        principal: row.principal,
        customer: case.customer,
        resources: Resources::of(case.named.iter().copied()),
        purpose: Purpose::Operations,
    };
    let clock = ManualClock::at_unix_millis(NOW.unix_millis());
    ask::decide(policy, ask::intent(action, &clock, &SeededEntropy::new(1), &asked), &facts)
}

fn document(state: DocumentState) -> DocumentFacts {
    DocumentFacts {
        id: DOCUMENT,
        customer: HOME,
        state,
        kind: DocumentKind::Transcript,
        confidentiality: Confidentiality::Normal,
        author: Some(COLLEAGUE),
        uploader: Some(Principal::Person(COLLEAGUE)),
        recipients: vec![COLLEAGUE],
        patient: Some(PATIENT),
        in_care: false,
        read_by_practice: false,
        delivered_at: Some(NOW),
    }
}

/// The relations of the cells, by letter; the first is a colleague's document, to which the asker has none.
fn document_cases(state: DocumentState, confidentiality: Confidentiality) -> Vec<(char, Case)> {
    let with = |change: &dyn Fn(&mut DocumentFacts)| {
        let mut facts = DocumentFacts { confidentiality, ..document(state) };
        change(&mut facts);
        case(vec![ResourceFacts::Document(facts)])
    };
    let glass = Case { glass_broken: true, ..with(&|_| ()) };
    let request = Case { in_request: true, ..with(&|_| ()) };
    let spoken = with(&|document| {
        document.author = Some(ME);
        document.uploader = Some(Principal::Person(ME));
    });
    vec![
        ('*', with(&|_| ())),
        ('a', with(&|document| document.author = Some(ME))),
        ('r', with(&|document| document.recipients = vec![COLLEAGUE, ME])),
        ('u', with(&|document| document.uploader = Some(Principal::Person(ME)))),
        ('c', with(&|document| document.in_care = true)),
        ('g', glass),
        ('b', spoken),
        ('q', request),
        ('p', with(&|document| document.uploader = Some(Principal::Program(MY_PROGRAM)))),
        // The same document, all relations at once, at another practice than the intent names: never.
        (
            '!',
            with(&|document| {
                document.customer = ELSEWHERE;
                document.author = Some(ME);
                document.uploader = Some(Principal::Person(ME));
                document.recipients = vec![ME];
                document.in_care = true;
            }),
        ),
    ]
}

fn letters(policy: &Policy, row: &Row, action: Action, cases: &[(char, Case)]) -> String {
    let all: String =
        cases.iter().filter(|(_, case)| ask(policy, row, action, case).is_ok()).map(|(letter, _)| *letter).collect();
    let other_practice = if all.contains('!') { "!" } else { "" };
    match all.as_str() {
        "" => "-".to_owned(),
        all if all.contains('*') => format!("*{other_practice}"),
        all => all.to_owned(),
    }
}

/// What moves when a practice joins another: as both have agreed, otherwise, and coming in.
fn joining_columns() -> Vec<(&'static str, Case)> {
    let third = CustomerId::from_bytes([3; 16]);
    let agreed = JoiningFacts { agreed_into: Some(ELSEWHERE), comes_in: false };
    let comes_in = JoiningFacts { agreed_into: None, comes_in: true };
    let to = |customers: &[CustomerId], joining, told: Vec<ResourceFacts>| {
        let named = told.iter().map(ResourceFacts::id).chain(customers.iter().map(|id| (*id).into())).collect();
        Case { named, joining, ..case(told) }
    };
    let facts = PatientFacts { id: PATIENT, customer: HOME, in_care: false, provisional: false };
    let around = ResourceFacts::Related(RelatedFacts { id: RELATED, patient: facts });
    let work = ResourceFacts::Document(document(DocumentState::Dictated));
    let glass = ResourceFacts::BreakGlass(BreakGlassFacts { id: GLASS, customer: HOME, person: COLLEAGUE });
    vec![
        ("where both agreed", to(&[ELSEWHERE], agreed, vec![])),
        ("to a third", to(&[third], agreed, vec![])),
        ("to both", to(&[ELSEWHERE, third], agreed, vec![])),
        ("nowhere", to(&[], agreed, vec![])),
        ("nobody agreed", to(&[ELSEWHERE], JoiningFacts::default(), vec![])),
        ("coming in", to(&[], comes_in, vec![])),
        ("with patient and guardian", to(&[ELSEWHERE], agreed, vec![ResourceFacts::Patient(facts), around])),
        ("with document", to(&[ELSEWHERE], agreed, vec![work])),
        ("with glass", to(&[ELSEWHERE], agreed, vec![glass])),
    ]
}

/// The columns of everything that is not a document by state.
fn columns(action: Action) -> Vec<(&'static str, Case)> {
    let patient = |in_care| {
        let facts = PatientFacts { id: PATIENT, customer: HOME, in_care, provisional: false };
        ResourceFacts::Patient(facts)
    };
    let person = |id, customer, by| {
        let fact = ResourceFacts::Person(PersonFacts { id, customer, requested_by: by });
        Case { customer, ..case(vec![fact]) }
    };
    let glass = |person| case(vec![ResourceFacts::BreakGlass(BreakGlassFacts { id: GLASS, customer: HOME, person })]);
    let other = Some(PersonId::from_bytes([3; 16]));
    let mut columns = match action.subject() {
        Subject::Document => vec![],
        Subject::Patient => vec![
            ("any", case(vec![patient(false)])),
            ("in care", case(vec![patient(true)])),
            ("glass", Case { glass_broken: true, ..case(vec![patient(false)]) }),
            ("request", Case { in_request: true, ..case(vec![patient(false)]) }),
        ],
        Subject::Person => vec![
            ("here", person(COLLEAGUE, Some(HOME), other)),
            ("operator", person(COLLEAGUE, None, other)),
            ("oneself", person(ME, Some(HOME), other)),
            ("own request", person(COLLEAGUE, Some(HOME), Some(ME))),
            ("no request", person(COLLEAGUE, Some(HOME), None)),
        ],
        Subject::BreakGlass => vec![("colleague's", glass(COLLEAGUE)), ("own", glass(ME))],
        Subject::Customer if action == Action::CustomerList => vec![
            ("this", Case { named: vec![HOME.into()], ..Case::default() }),
            ("other", Case { named: vec![CustomerId::from_bytes([9; 16]).into()], ..Case::default() }),
        ],
        Subject::Customer if action == Action::CustomerJoinRun => joining_columns(),
        Subject::Customer if matches!(action, Action::KeyShred | Action::CustomerJoin) => {
            vec![
                ("other's request", Case { requested_by: other, ..case(vec![]) }),
                ("own request", Case { requested_by: Some(ME), ..case(vec![]) }),
                ("no request", case(vec![])),
            ]
        }
        Subject::Customer => {
            vec![("here", case(vec![])), ("no agreement", Case { no_agreement: true, ..case(vec![]) })]
        }
        Subject::Myself | Subject::System => vec![("", Case::default())],
    };
    match action {
        Action::DocumentList | Action::DocumentSearch | Action::DocumentStatus | Action::PatientSearch => {
            columns.push(("empty page", case(vec![])));
            columns.push(("empty, request", Case { in_request: true, ..case(vec![]) }));
        }
        Action::PatientTrace => {
            let both = || case(vec![patient(false), ResourceFacts::Document(document(DocumentState::Delivered))]);
            columns.push(("with document", both()));
            columns.push(("with document, request", Case { in_request: true, ..both() }));
        }
        Action::DocumentMove => {
            let both = || case(vec![patient(false), ResourceFacts::Document(document(DocumentState::Withdrawn))]);
            columns.push(("withdrawn + any patient, request", Case { in_request: true, ..both() }));
        }
        Action::PatientShow | Action::RelatedCreate | Action::RelatedChange => {
            let facts = PatientFacts { id: PATIENT, customer: HOME, in_care: false, provisional: false };
            let around = ResourceFacts::Related(RelatedFacts { id: RELATED, patient: facts });
            let in_care = PatientFacts { in_care: true, ..facts };
            let cared = ResourceFacts::Related(RelatedFacts { id: RELATED, patient: in_care });
            columns.push(("with guardian", case(vec![patient(false), around.clone()])));
            columns.push(("in care, with guardian", case(vec![patient(true), cared.clone()])));
            columns.push(("guardian of another", case(vec![patient(false), cared])));
            columns.push(("guardian alone", case(vec![around])));
        }
        Action::CustomerExport | Action::CustomerTakeIn => {
            let facts = PatientFacts { id: PATIENT, customer: HOME, in_care: false, provisional: false };
            let around = ResourceFacts::Related(RelatedFacts { id: RELATED, patient: facts });
            columns.push(("with patient and guardian", case(vec![patient(false), around])));
        }
        Action::CustomerList => columns.push(("empty page", Case::default())),
        Action::PatientCreate | Action::PatientImport | Action::CustomerSplitList => {
            columns.push(("with patient", case(vec![patient(false)])));
        }
        Action::BreakGlassStart => {
            let by = |person| {
                let glass = BreakGlassFacts { id: GLASS, customer: HOME, person };
                case(vec![patient(false), ResourceFacts::BreakGlass(glass)])
            };
            columns.extend([("for oneself", by(ME)), ("for another", by(COLLEAGUE))]);
        }
        Action::BreakGlassList => columns.push(("with glass", glass(COLLEAGUE))),
        Action::DocumentUndoDelivery => {
            let with = |change: &dyn Fn(&mut DocumentFacts)| {
                let mut facts = document(DocumentState::Delivered);
                change(&mut facts);
                case(vec![ResourceFacts::Document(facts)])
            };
            columns.push(("read", with(&|document| document.read_by_practice = true)));
            columns.push(("too late", with(&|document| document.delivered_at = Some(NOW.plus_millis(-600_001)))));
        }
        _ => {}
    }
    // The patient's name beside a document, where the act knows patients at all.
    let (state, named) = (DocumentState::Delivered, patient(false));
    let mine = DocumentFacts { author: Some(ME), ..document(state) };
    if matches!(action.subject(), Subject::Document) && action.opens() != Opens::Nothing {
        columns.push(("delivered own + its patient", case(vec![ResourceFacts::Document(mine), named.clone()])));
        let work = DocumentFacts { uploader: Some(Principal::Person(ME)), ..document(DocumentState::Unmatched) };
        columns.push(("unmatched own + its patient", case(vec![ResourceFacts::Document(work.clone()), named.clone()])));
        let strange = DocumentFacts { patient: None, ..work };
        columns.push(("unmatched own + any patient", case(vec![ResourceFacts::Document(strange), named])));
    }
    columns
}

fn section(policy: &Policy, action: Action, rows: &[Row], text: &mut String) {
    let opens = match action.opens() {
        Opens::Nothing => "opens nothing",
        Opens::Names => "opens names",
        Opens::Content => "opens content",
    };
    let touch = if action.step_up() == StepUp::Fresh { ", touch" } else { "" };
    let mut head: Vec<String> = Vec::new();
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); rows.len()];
    let by_state = action.subject() == Subject::Document
        || matches!(
            action,
            Action::DocumentUpload
                | Action::AccessReview
                | Action::AccessList
                | Action::CustomerExport
                | Action::CustomerTakeIn
        );
    let mut kinds: Vec<(String, DocumentState, Confidentiality)> =
        DocumentState::ALL.iter().map(|state| (state.to_string(), *state, Confidentiality::Normal)).collect();
    for kept in [Confidentiality::Restricted, Confidentiality::VeryRestricted] {
        for state in [DocumentState::Delivered, DocumentState::Unmatched, DocumentState::Withdrawn] {
            kinds.push((format!("{state} {kept}"), state, kept));
        }
    }
    for (name, state, kept) in kinds.into_iter().filter(|_| by_state) {
        head.push(name);
        let cases = document_cases(state, kept);
        for (row, cells) in rows.iter().zip(&mut cells) {
            cells.push(letters(policy, row, action, &cases));
        }
    }
    for (name, case) in columns(action) {
        head.push(if name.is_empty() { "may".to_owned() } else { name.to_owned() });
        for (row, cells) in rows.iter().zip(&mut cells) {
            cells.push(if ask(policy, row, action, &case).is_ok() { "yes" } else { "-" }.to_owned());
        }
    }
    writeln!(text, "\n## {action} ({opens}{touch})").expect("a string takes text");
    let line = |name: &str, cells: &[String]| {
        let cells =
            head.iter().zip(cells).map(|(head, cell)| format!("  {cell:<width$}", width = head.chars().count()));
        format!("{name:<30}{}", cells.collect::<String>()).trim_end().to_owned() + "\n"
    };
    text.push_str(&line("", &head));
    let mut refused = Vec::new();
    for (row, cells) in rows.iter().zip(&cells) {
        if cells.iter().all(|cell| cell == "-") {
            refused.push(row.name.as_str());
        } else {
            text.push_str(&line(&row.name, cells));
        }
    }
    writeln!(text, "never: {}", refused.join("; ")).expect("a string takes text");
}

const HEAD: &str = "\
# Who may do what: computed by asking the policies, not written by hand
#
# Rows are askers, signed in, with two passkeys and a fresh touch unless they say otherwise; practice roles are held at the
# practice that is asked about. Columns are what is asked for, at that practice, with an agreement in force unless they say otherwise.
# Columns named after a state are documents in that state, of normal confidentiality unless they say otherwise; the letters say to
# whom they are open:
#   *  any document of the practice        a  its author      r  a recipient      u  its uploader
#   c  its patient is in the asker's care  g  the asker has broken the glass for its patient
#   b  the asker is author and uploader    q  the asker has a numbered request open at the practice
#   p  the asker is a program that brought it in
#   !  a document of another practice (must never appear)   -  nobody
# Askers who get nothing at all are gathered under \"never\".
";

#[test]
fn the_golden_table_in_git_is_what_the_policies_say() {
    let policy = Policy::embedded().expect("the embedded policies are in order");
    let rows = rows();
    let mut text = HEAD.to_owned();
    for action in Action::ALL {
        section(&policy, *action, &rows, &mut text);
    }
    let body = text.split_once("nobody\n").map_or("", |(_, body)| body);
    assert!(!body.contains('!'), "a document of another practice was opened");
    for action in Action::ALL {
        assert!(text.contains(&format!("\n## {action} (")), "{action} has no row");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy/golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &text).expect("the table can be written");
    }
    let stored = std::fs::read_to_string(path).expect("docs/policy/golden.txt is in git");
    for (number, (said, stored)) in text.lines().zip(stored.lines()).enumerate() {
        assert_eq!(said, stored, "line {} differs; look at it, then UPDATE_GOLDEN=1", number + 1);
    }
    assert_eq!(text.lines().count(), stored.lines().count(), "the table has other lines; UPDATE_GOLDEN=1");
}
