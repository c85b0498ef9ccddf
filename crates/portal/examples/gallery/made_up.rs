//! Made-up people, practices and papers. Nobody here exists.

use super::pages::chrome::{Banner, Chrome, CustomerChoice, Flash, NavItem, WhoAmI, Witness};
use super::pages::parts::*;
use record::document::{DocumentKind, DocumentState};
use record::tag::Tag;

pub(crate) const LAKESIDE: &str = "Lakeside Pediatrics";
pub(crate) const HARBOR: &str = "Harbor Family Clinic";

pub(crate) fn s(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn at(day: u32, time: &str) -> Moment {
    Moment { iso: format!("2026-11-{day:02}T{time}:00-06:00"), text: format!("Nov {day}, {time} CST") }
}

pub(crate) fn tag(customer: &str) -> Tag {
    Tag::Phi { customer: s(customer) }
}

pub(crate) fn fact(name: &str, value: &str) -> Fact {
    Fact { name: s(name), value: s(value) }
}

pub(crate) fn link(label: &str, href: &str) -> Link {
    Link { label: s(label), href: s(href) }
}

pub(crate) fn post(label: &str, action: &str) -> PostLink {
    PostLink { label: s(label), action: s(action), hidden: vec![Hidden { name: s("version"), value: s("2") }] }
}

pub(crate) fn choice(value: &str, label: &str) -> Choice {
    Choice { value: s(value), label: s(label), ..Choice::default() }
}

pub(crate) fn chosen(value: &str, label: &str, hint: &str) -> Choice {
    Choice { value: s(value), label: s(label), hint: s(hint), selected: true }
}

pub(crate) fn date(month: &str, day: &str, year: &str) -> DateParts {
    DateParts { month: s(month), day: s(day), year: s(year) }
}

pub(crate) fn errors(list: &[(&str, &str)]) -> Errors {
    Errors(list.iter().map(|(field, message)| FieldError { field: s(field), message: s(message) }).collect())
}

pub(crate) fn empty(title: &str, text: &str, action: Option<Link>) -> Empty {
    Empty { title: s(title), text: s(text), action }
}

pub(crate) fn tab(label: &str, count: u32, current: bool) -> ViewTab {
    ViewTab { label: s(label), href: s("?view=x"), count: Some(count), current }
}

pub(crate) fn pager(text: &str) -> Option<Pager> {
    Some(Pager { text: s(text), previous: None, next: Some(s("?page=2")), again: Vec::new() })
}

pub(crate) fn action(label: &str, how: How, weight: Weight, icon: &'static str) -> PageAction {
    PageAction { label: s(label), href: s("/documents/doc_01kamadeup/act"), how, weight, icon }
}

fn nav(items: &[(&str, &str, u32, bool)], here: &str) -> Vec<NavItem> {
    items
        .iter()
        .map(|(label, href, count, starts_group)| NavItem {
            label: s(label),
            href: s(href),
            count: (*count > 0).then_some(*count),
            current: *label == here,
            starts_group: *starts_group,
        })
        .collect()
}

fn who(name: &str, role: &str) -> WhoAmI {
    WhoAmI {
        person: s("per_01kamadeup"),
        name: s(name),
        role: s(role),
        last_sign_in: Some(at(20, "16:41")),
        idle_secs: 900,
        alive_href: Some(s("/session/alive")),
        may_search: true,
        may_upload: false,
    }
}

fn frame(who: WhoAmI, nav: Vec<NavItem>) -> Chrome {
    Chrome {
        signed_in: Some(who),
        nav,
        csrf: s("made-up-token-0123456789abcdef"),
        witness: Some(Witness {
            text: s("You opened this at 14:03 CST"),
            entry: s("48,213"),
            href: s("/ledger/48213"),
        }),
        ..Chrome::for_strangers("Prairie Transcription", "+1 (555) 010-7788")
    }
}

pub(crate) fn doctor(here: &str) -> Chrome {
    let mut chrome = frame(
        who("Dr. Ada Okonkwo-Moss", "Clinician"),
        nav(
            &[
                ("Inbox", "/", 12, false),
                ("Documents", "/documents", 0, false),
                ("Patients", "/patients", 0, false),
                ("Search", "/search", 0, false),
                ("My accesses", "/me/accesses", 0, true),
            ],
            here,
        ),
    );
    let choice =
        |label: &str, count, current| CustomerChoice { label: s(label), href: s("/?customer=x"), count, current };
    chrome.customers = vec![
        choice("All my clinics", Some(12), true),
        choice(LAKESIDE, Some(9), false),
        choice(HARBOR, Some(3), false),
    ];
    chrome
}

pub(crate) fn manager(here: &str) -> Chrome {
    frame(
        who("June Albright", "Practice manager"),
        nav(
            &[
                ("Inbox", "/", 4, false),
                ("Documents", "/documents", 0, false),
                ("Patients", "/patients", 0, false),
                ("To print", "/to-print", 7, false),
                ("People", "/people", 0, true),
                ("Who opened what", "/access-review", 0, false),
                ("Broken glass", "/break-glass", 1, false),
                ("Agreement", "/customers/cus_01kamadeup", 0, false),
            ],
            here,
        ),
    )
}

pub(crate) fn typist(here: &str) -> Chrome {
    let mut chrome = frame(
        who("Milo Brandt", "Transcriptionist"),
        nav(
            &[
                ("Queue", "/queue", 23, false),
                ("Upload", "/upload", 0, false),
                ("Unmatched", "/unmatched", 3, true),
                ("Held", "/held", 2, false),
            ],
            here,
        ),
    );
    if let Some(who) = &mut chrome.signed_in {
        who.may_upload = true;
    }
    chrome
}

pub(crate) fn officer(here: &str) -> Chrome {
    let mut chrome = frame(
        who("Ines Calloway", "Privacy officer"),
        nav(
            &[
                ("Alerts", "/alerts", 2, false),
                ("Ledger", "/ledger", 0, false),
                ("Broken glass", "/break-glass", 1, false),
                ("Customers", "/customers", 0, true),
                ("Staff", "/staff", 0, false),
                ("Gate", "/gate", 0, true),
                ("Health", "/health", 0, false),
                ("First day", "/first-day", 0, false),
            ],
            here,
        ),
    );
    if let Some(who) = &mut chrome.signed_in {
        who.may_search = false;
    }
    chrome.witness =
        Some(Witness { text: s("You looked at this page at 14:03 CST"), entry: s("48,219"), href: s("/ledger/48219") });
    chrome
}

pub(crate) fn stranger() -> Chrome {
    Chrome::for_strangers("Prairie Transcription", "+1 (555) 010-7788")
}

pub(crate) fn recovery_banner() -> Banner {
    Banner {
        tone: Tone::Due,
        text: s("A privacy officer was put in place with the root key on Nov 18. This line stays until Dec 18."),
        link: Some(link("Read the entry", "/ledger/47102")),
    }
}

pub(crate) fn flash(tone: Tone, text: &str, undo: Option<PostLink>) -> Option<Flash> {
    Some(Flash { tone, text: s(text), undo })
}

const PEOPLE: [(&str, &str, &str); 8] = [
    ("Tessa Marlowe", "born 03/09/2017", "MRN 48213"),
    ("Jonah Whitfield-Akana", "born 11/30/2019", "MRN 48877"),
    ("Beatrix Lindqvist", "born 07/14/2021", "MRN 50118"),
    ("Omar Delacroix", "born 01/02/2015", "MRN 41290"),
    ("Wren Castellanos", "born 05/25/2018", "MRN 49034"),
    ("Phoebe Nakagawa", "born 09/17/2020", "MRN 50002"),
    ("Silas Abernathy", "born 12/08/2016", "MRN 47765"),
    ("Noor Van der Heide", "born 02/19/2022", "MRN 51377"),
];

pub(crate) fn row(number: usize, state: DocumentState) -> DocumentRow {
    let (patient, identifier, record_number) = PEOPLE[number % PEOPLE.len()];
    let day = 20 - u32::try_from(number).unwrap_or(0) % 12;
    let kinds = [DocumentKind::Transcript, DocumentKind::Letter, DocumentKind::Transcript, DocumentKind::Scan];
    DocumentRow {
        href: format!("/documents/doc_01kamadeup{number}"),
        patient: s(patient),
        identifier: s(identifier),
        record_number: s(record_number),
        kind: kinds[number % kinds.len()],
        visit_date: format!("11/{day:02}/2026"),
        author: s(["Dr. A. Okonkwo-Moss", "Dr. P. Sandoval", "R. Fenn, NP"][number % 3]),
        state,
        tag: tag(if number % 4 == 3 { HARBOR } else { LAKESIDE }),
        unread: false,
        picked_up: None,
        arrived: at(day, "09:14"),
        note: String::new(),
        note_tone: Tone::Plain,
        broken_glass: false,
    }
}

pub(crate) fn rows(states: &[DocumentState]) -> Vec<DocumentRow> {
    states.iter().enumerate().map(|(number, state)| row(number, *state)).collect()
}

pub(crate) fn patient_row(number: usize) -> PatientRow {
    let (name, born, record_number) = PEOPLE[number % PEOPLE.len()];
    PatientRow {
        href: format!("/patients/pat_01kamadeup{number}"),
        name: s(name),
        born: s(born.trim_start_matches("born ")),
        record_number: s(record_number.trim_start_matches("MRN ")),
        documents: 3 + u32::try_from(number).unwrap_or(0) * 2,
        tag: tag(LAKESIDE),
        provisional: false,
        broken_glass: false,
    }
}

pub(crate) fn brief(state: DocumentState) -> DocumentBrief {
    DocumentBrief {
        href: s("/documents/doc_01kamadeup"),
        title: s("Transcript, visit 11/19/2026"),
        patient: s("Tessa Marlowe"),
        identifier: s("born 03/09/2017 · MRN 48213"),
        author: s("Dr. A. Okonkwo-Moss"),
        state,
        tag: tag(LAKESIDE),
    }
}

pub(crate) fn opened() -> Vec<OpenedRow> {
    let one = |who: &str, role: &str, what: &str, time: &str, entry: &str, broken_glass| OpenedRow {
        who: s(who),
        role: s(role),
        what: s(what),
        at: at(20, time),
        entry: s(entry),
        href: s("/ledger/48213"),
        broken_glass,
    };
    vec![
        one("You", "Clinician", "read it", "14:03", "48,213", false),
        one("Gale Purdy", "Records staff", "printed it", "11:20", "48,102", false),
        one("R. Fenn, NP", "Clinician", "read it", "09:58", "47,990", true),
        one("Milo Brandt", "Transcriptionist", "uploaded it", "09:14", "47,912", false),
    ]
}

pub(crate) fn access(number: usize, who: &str, what: &str, outcome: &str, tone: Tone) -> AccessRow {
    let (patient, identifier, record_number) = PEOPLE[number % PEOPLE.len()];
    AccessRow {
        at: at(20, ["14:03", "13:47", "11:20", "10:05", "09:58"][number % 5]),
        who: s(who),
        role: s("Clinician"),
        what: s(what),
        about: s(patient),
        identifier: format!("{identifier} · {record_number}"),
        href: s("/documents/doc_01kamadeup"),
        tag: Some(tag(LAKESIDE)),
        outcome: s(outcome),
        tone,
        entry: format!("48,{}", 213 - number * 7),
        broken_glass: number == 3,
    }
}

pub(crate) fn proposals() -> Vec<Proposal> {
    let reason = |text: &str, agrees| Reason { text: s(text), agrees };
    vec![
        Proposal {
            patient: s("pat_01kamadeup1"),
            name: s("Tessa Marlowe"),
            born: s("03/09/2017"),
            record_number: s("48213"),
            fit: "Fits",
            fit_tone: Tone::Good,
            reasons: vec![
                reason("surname", Agrees::Yes),
                reason("given name: a short form", Agrees::Nearly),
                reason("birth date", Agrees::Yes),
                reason("record number", Agrees::Yes),
            ],
            selected: true,
        },
        Proposal {
            patient: s("pat_01kamadeup2"),
            name: s("Teresa Marlow"),
            born: s("09/03/2017"),
            record_number: s("39120"),
            fit: "May fit",
            fit_tone: Tone::Due,
            reasons: vec![
                reason("surname: spelt otherwise", Agrees::Nearly),
                reason("given name", Agrees::No),
                reason("birth date: day and month swapped", Agrees::Nearly),
            ],
            selected: false,
        },
    ]
}

pub(crate) const TRANSCRIPT: &str = "HISTORY OF PRESENT ILLNESS:\nTessa is a 9-year-old who comes in with her mother for three days of cough and a low fever. She has been drinking well and sleeping through the night. There is no wheeze that the family has heard, no rash, and nobody else at home is ill.\n\nPAST MEDICAL HISTORY:\nMild intermittent asthma, last inhaler use in September. Immunizations are up to date, the influenza vaccine was given in October.\n\nEXAMINATION:\nTemperature 37.9, heart rate 96, respiratory rate 20, oxygen saturation 98 percent on room air. She is alert and comfortable.\nEars clear on both sides. Throat mildly red, without exudate.\nLungs: good air entry on both sides, a few coarse sounds at the right base that clear with coughing.\n\nASSESSMENT AND PLAN:\nViral lower respiratory infection in a child with mild asthma. Fluids, rest, honey at night. Albuterol, two puffs through a spacer every four to six hours as needed. Mother knows the signs that should bring her back: fast breathing, drawing in between the ribs, or fever beyond Friday.\n\nReturn in one week, or sooner if worse.\n";
