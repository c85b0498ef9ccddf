//! Accesses, broken glass, people, customers.

use super::made_up::*;
use super::pages::accesses::*;
use super::pages::confidentiality::*;
use super::pages::customers::*;
use super::pages::leaving::*;
use super::pages::parts::*;
use super::pages::people::*;
use super::{Shelf, joining};

fn glass(state: &str, tone: Tone) -> GlassRow {
    GlassRow {
        href: s("/break-glass/brk_01kamadeup"),
        who: s("R. Fenn, NP"),
        role: s("Clinician"),
        patient: s("Omar Delacroix"),
        identifier: s("born 01/02/2015 · MRN 41290"),
        reason: s("Emergency: seen in urgent care"),
        from: at(20, "09:55"),
        until: at(20, "11:55"),
        opened: 3,
        state: s(state),
        tone,
        tag: tag(LAKESIDE),
    }
}

fn some_accesses() -> Vec<AccessRow> {
    ["read a transcript", "searched", "printed a transcript", "read a transcript", "tried to read a transcript"]
        .iter()
        .enumerate()
        .map(|(number, what)| {
            let refused = number == 4;
            access(
                number,
                "Dr. Ada Okonkwo-Moss",
                what,
                if refused { "refused" } else { "permitted" },
                if refused { Tone::Danger } else { Tone::Plain },
            )
        })
        .collect()
}

/// My accesses, a practice's, broken glass.
pub(crate) fn accesses(shelf: &mut Shelf) {
    let form = |problems: &[(&str, &str)]| BreakGlassPage {
        chrome: doctor(""),
        tag: tag(LAKESIDE),
        patient: s("Omar Delacroix"),
        identifier: s("born 01/02/2015 · MRN 41290"),
        reasons: vec![
            choice("emergency", "An emergency"),
            choice("cover", "I cover for a colleague"),
            choice("referral", "The patient came to me"),
            choice("other", "Something else"),
        ],
        word: String::new(),
        hours: vec![chosen("1", "One hour", ""), choice("2", "Two hours"), choice("4", "Four hours")],
        action: s("/break-glass"),
        back: s("/search"),
        errors: errors(problems),
    };
    shelf.phi("break-glass", &form(&[]));
    shelf.phi("break-glass-error", &form(&[("reason", "Choose why you need the record")]));
    let list = |rows| BreakGlassListPage {
        chrome: manager("Broken glass"),
        rows,
        empty: empty(
            "No glass was broken.",
            "When somebody opens a record outside their own care, it stands here until you have looked at it.",
            None,
        ),
    };
    shelf
        .phi("break-glass-list", &list(vec![glass("to be looked at", Tone::Due), glass("closed: needed", Tone::Good)]));
    shelf.plain("break-glass-list-empty", &list(Vec::new()));
    let review = |closed: Option<&str>, problems: &[(&str, &str)]| BreakGlassReviewPage {
        chrome: manager("Broken glass"),
        glass: if closed.is_some() { glass("closed", Tone::Good) } else { glass("to be looked at", Tone::Due) },
        opened: some_accesses().into_iter().take(3).collect(),
        verdicts: vec![
            choice("needed", "Yes, it was needed"),
            choice("not_needed", "No"),
            choice("unclear", "I cannot say; ask the privacy officer"),
        ],
        word: String::new(),
        closed: closed.map(s),
        action: s("/break-glass/brk_01kamadeup/review"),
        errors: errors(problems),
    };
    shelf.phi("break-glass-review", &review(None, &[]));
    shelf.phi(
        "break-glass-review-error",
        &review(None, &[("verdict", "Choose whether it was needed"), ("word", "Write a word about it")]),
    );
    shelf.phi(
        "break-glass-review-closed",
        &review(Some("June Albright on Nov 20, 15:02: needed. Covered for Dr. Sandoval."), &[]),
    );

    let mine = |rows| MyAccessesPage {
        chrome: doctor("My accesses"),
        rows,
        empty: empty(
            "You have opened nothing yet.",
            "Each record you open, print or search for is listed here, with its entry in the ledger.",
            None,
        ),
    };
    shelf.phi("my-accesses", &mine(some_accesses()));
    shelf.plain("my-accesses-empty", &mine(Vec::new()));

    let counts = [31, 28, 35, 0, 0, 30, 33, 29, 36, 27, 0, 4, 38, 31, 30, 92, 28, 0, 0, 33, 21];
    let days: Vec<DayCount> = counts
        .iter()
        .zip(1..)
        .map(|(count, day)| DayCount { day: format!("Nov {day}"), count: *count, unusual: *count > 80 })
        .collect();
    let who_opened = |rows: Vec<AccessRow>, problems: &[(&str, &str)]| AccessReviewPage {
        chrome: manager("Who opened what"),
        tag: tag(LAKESIDE),
        people: vec![
            chosen("", "Everybody", ""),
            choice("per_1", "Dr. Ada Okonkwo-Moss"),
            choice("per_2", "Gale Purdy"),
        ],
        action: s("/access-review"),
        said: s("526 accesses by 9 people in 21 days. Nov 16 stands out: 92, most of them by Gale Purdy."),
        days: if rows.is_empty() { Vec::new() } else { days.clone() },
        rows,
        pager: pager("1–5 of 526"),
        empty: empty("Nobody opened anything in these days.", "Choose other days or another person.", None),
        errors: errors(problems),
    };
    shelf.phi("access-review", &who_opened(some_accesses(), &[]));
    shelf.phi("access-review-empty", &who_opened(Vec::new(), &[("person", "Choose one of the people in this list")]));
}

fn person(name: &str, role: &str, passkeys: u32, note: &str, tone: Tone) -> PersonRow {
    PersonRow {
        name: s(name),
        email: format!("{}@example.org", name.split(' ').next_back().unwrap_or("x").to_lowercase()),
        role: s(role),
        since: at(2, "10:00"),
        last_sign_in: (passkeys > 0).then(|| at(20, "07:58")),
        passkeys: Some(passkeys),
        note: s(note),
        tone,
        actions: vec![
            action("End role", How::Visit, Weight::Danger, ""),
            action("Enrol anew", How::Visit, Weight::Secondary, ""),
        ],
    }
}

fn invitation(state: &str, tone: Tone, confirm: bool) -> InvitationRow {
    InvitationRow {
        name: s("Dr. Pilar Sandoval"),
        email: s("sandoval@example.org"),
        role: s("Clinician"),
        asked_by: s("June Albright"),
        expires: at(23, "10:12"),
        state: s(state),
        tone,
        confirm: confirm.then(|| post("Confirm", "/invitations/inv_01kamadeup/confirm")),
        withdraw: (!confirm).then(|| post("Take it back", "/people/mem_01kamadeup/end")),
    }
}

/// People, invitations, staff.
pub(crate) fn people(shelf: &mut Shelf) {
    let page = |rows: Vec<PersonRow>| PeoplePage {
        chrome: manager("People"),
        place: s(LAKESIDE),
        invitations: if rows.is_empty() { Vec::new() } else { vec![invitation("sent", Tone::Plain, false)] },
        rows,
        programs_href: None,
        restricts_href: Some(s("/customers/cus_01kamadeup/confidentiality")),
        invite_href: Some(s("/people/invite")),
        empty: empty(
            "Nobody but you yet.",
            "Invite the doctors and the front desk. Each gets a link by mail and a few words by telephone.",
            None,
        ),
    };
    let rows = vec![
        person("June Albright", "Practice manager", 2, "you", Tone::Plain),
        person("Dr. Ada Okonkwo-Moss", "Clinician", 2, "", Tone::Plain),
        person("R. Fenn, NP", "Clinician", 1, "", Tone::Plain),
        person("Gale Purdy", "Records staff", 1, "92 accesses on Nov 16", Tone::Due),
    ];
    let elsewhere = PersonRow {
        last_sign_in: None,
        passkeys: None,
        ..person("Dr. Ida Moss", "Clinician", 0, "works elsewhere too", Tone::Plain)
    };
    let rows: Vec<PersonRow> = rows.into_iter().chain([elsewhere]).collect();
    shelf.plain("people", &page(rows));
    shelf.plain("people-empty", &page(Vec::new()));
    let roles = || {
        [
            ("clinician", "Clinician", "Dictates, reads and signs. Sees patients in their own care."),
            ("records_staff", "Records staff", "Front desk: finds, prints and files what is delivered."),
            ("practice_manager", "Practice manager", "Invites people and looks at who opened what."),
        ]
        .map(|(value, label, hint)| Choice { value: s(value), label: s(label), hint: s(hint), selected: false })
        .to_vec()
    };
    let invite = |needs_second: bool, problems: &[(&str, &str)]| InvitePage {
        chrome: manager("People"),
        place: s(LAKESIDE),
        name: s("Dr. Pilar Sandoval"),
        email: if problems.is_empty() { s("sandoval@example.org") } else { s("sandoval") },
        phone: s("+1 (555) 010-2211"),
        roles: roles(),
        until: needs_second.then(DateParts::default),
        needs_second,
        action: s("/people/invite"),
        back: s("/people"),
        errors: errors(problems),
    };
    shelf.plain("invite", &invite(false, &[]));
    shelf.plain("invite-error", &invite(true, &[("email", "An address has an @ in it"), ("role", "Choose a role")]));
    let invited = |link: &str, words: &str, waits| InvitedPage {
        chrome: manager("People"),
        name: s("Dr. Pilar Sandoval"),
        role: s("Clinician at Lakeside Pediatrics"),
        phone: s("+1 (555) 010-2211"),
        link: s(link),
        words: s(words),
        waits,
        expires: Some(at(23, "10:12")),
        tell: if waits { vec![fact("June Albright", "+1 (555) 010-3344, albright@example.org")] } else { Vec::new() },
        back: s("/people"),
    };
    shelf.plain(
        "invited",
        &invited("https://portal.prairie.example/invitation/6xk2-9dmw-q0tz-madeup", "7KQ4-MZ2P", false),
    );
    shelf.plain(
        "invited-second-officer",
        &invited("https://portal.prairie.example/invitation/6xk2-9dmw-q0tz-madeup", "", true),
    );
    shelf.plain("invited-confirmed", &invited("", "7KQ4-MZ2P", false));
    shelf.plain("invited-has-passkey", &invited("", "", false));
    shelf.plain("invited-has-passkey-waits", &invited("", "", true));
    let confirm =
        |title: &str, effects: &[&str], button: &str, grave, touch, typed: Option<&str>, problems: &[(&str, &str)]| {
            ConfirmPage {
                chrome: manager("People"),
                title: s(title),
                effects: effects.iter().map(|effect| s(effect)).collect(),
                button: s(button),
                grave,
                needs_touch: touch,
                reason: typed.is_none().then(String::new),
                type_this: typed.map(s),
                hidden: vec![Hidden { name: s("membership"), value: s("mem_01kamadeup") }],
                action: s("/people/mem_01kamadeup/end"),
                back: s("/people"),
                errors: errors(problems),
            }
        };
    let ending = [
        "Gale Purdy can open nothing of Lakeside Pediatrics from now on; open sessions end at once.",
        "What Gale Purdy did stays in the ledger.",
    ];
    shelf.plain("confirm-end", &confirm("End Gale Purdy’s role?", &ending, "End the role", true, false, None, &[]));
    let anew = [
        "All passkeys and recovery codes of R. Fenn, NP end now.",
        "A new invitation is made; all known contacts of the practice are told.",
    ];
    shelf.plain(
        "confirm-re-enrol",
        &confirm(
            "Enrol R. Fenn, NP anew?",
            &anew,
            "Enrol anew",
            false,
            true,
            None,
            &[("reason", "Write why, such as: phone lost")],
        ),
    );
    shelf.plain(
        "confirm-typed",
        &confirm(
            "End the agreement with Harbor Family Clinic?",
            &["Nothing can be uploaded for them any more."],
            "End the agreement",
            true,
            true,
            Some(HARBOR),
            &[],
        ),
    );

    let staff = |name: &str, roles: &str, assigned: &str, passkeys, note: &str| StaffRow {
        href: s("/staff/per_01kamadeup"),
        name: s(name),
        roles: s(roles),
        last_sign_in: Some(at(20, "07:58")),
        passkeys: Some(passkeys),
        assigned: s(assigned),
        note: s(note),
        tone: Tone::Due,
    };
    let page = StaffPage {
        chrome: officer("Staff"),
        rows: vec![
            staff("Ines Calloway", "Privacy officer", "nobody", 2, ""),
            staff("Tom Reyes-Lund", "Security officer", "nobody", 1, "one passkey, needs two"),
            staff("Milo Brandt", "Transcriptionist", "Lakeside Pediatrics, Harbor Family Clinic", 1, ""),
            staff("Sanne Kowalczyk", "QA editor", "Lakeside Pediatrics", 1, ""),
        ],
        waiting: vec![invitation("waits for a second officer", Tone::Due, true)],
        invitations: vec![invitation("waits for a second officer", Tone::Due, true)],
        invite_href: Some(s("/staff/invite")),
    };
    shelf.plain("staff", &page);
    let row = |customer: &str, since: Option<u32>| AssignmentRow {
        customer: s(customer),
        since: since.map(|day| at(day, "09:00")),
        change: Some(post(if since.is_some() { "End" } else { "Assign" }, "/staff/per_01kamadeup/assign")),
    };
    let one = StaffPersonPage {
        chrome: officer("Staff"),
        person: person("Milo Brandt", "Transcriptionist", 1, "", Tone::Plain),
        assignments: vec![row(LAKESIDE, Some(2)), row(HARBOR, None)],
        back: link("All staff", "/staff"),
    };
    shelf.plain("staff-person", &one);
}

/// Customers and agreements.
pub(crate) fn customers(shelf: &mut Shelf) {
    let row = |name: &str, agreement: &str, tone, people| CustomerRow {
        href: s("/customers/cus_01kamadeup"),
        name: s(name),
        agreement: s(agreement),
        tone,
        people,
    };
    let list = |rows| CustomerListPage {
        chrome: officer("Customers"),
        rows,
        empty: empty(
            "No customers yet.",
            "A customer is a practice, clinic or hospital whose PHI you hold. Add the first one, then record its agreement.",
            Some(link("Add a customer", "/customers/new")),
        ),
        new_href: Some(s("/customers/new")),
    };
    shelf.plain(
        "customers",
        &list(vec![
            row(LAKESIDE, "in force until 12/31/2027", Tone::Good, 14),
            row(HARBOR, "ends in 12 days", Tone::Due, 6),
            row("Stony Creek Orthopedics", "none: no uploads", Tone::Danger, 0),
        ]),
    );
    shelf.plain("customers-empty", &list(Vec::new()));
    let contact =
        |name: &str| ContactRow { name: s(name), phone: s("+1 (555) 010-3344"), email: s("call@example.org") };
    let mut page = CustomerPage {
        chrome: officer("Customers"),
        name: s(LAKESIDE),
        id: s("cus_01kamadeup7q2m9x4t8w3z5r6n0"),
        actions: vec![action("Invite the first manager", How::Visit, Weight::Primary, "")],
        agreement: Some(AgreementView {
            state: s("in force until 12/31/2027"),
            tone: Tone::Good,
            facts: vec![
                fact("From", "01/01/2025"),
                fact("To", "12/31/2027"),
                fact("We report within", "20 days"),
                fact("Notices are sent by", "the customer"),
                fact("Offshore", "no"),
                fact("De-identify", "no"),
                fact("At the end", "return, then destroy"),
            ],
            actions: vec![action("End the agreement", How::Visit, Weight::Danger, "")],
        }),
        agreement_href: Some(s("/customers/cus_01kamadeup/agreement")),
        contacts: vec![contact("June Albright"), contact("Dr. Ada Okonkwo-Moss")],
        people: vec![person("June Albright", "Practice manager", 2, "", Tone::Plain)],
        invitations: vec![invitation("waits for a second officer", Tone::Due, true)],
        assigned: vec![fact("T. Brook", "since 11/03/2026")],
    };
    shelf.plain("customer", &page);
    page.agreement = None;
    page.contacts.clear();
    page.people.clear();
    page.invitations.clear();
    shelf.plain("customer-new-empty", &page);
    let end = |state: &str, tone, step, certificate: &str, errors| DestructionPage {
        chrome: officer("Customers"),
        name: s(LAKESIDE),
        state: s(state),
        tone,
        facts: match step {
            DestructionStep::Ask => Vec::new(),
            _ => {
                vec![fact("Asked for by", "R. Okafor, 2026-11-03 14:02"), fact("Why", "They left and have everything.")]
            }
        },
        hindered: String::new(),
        step,
        asked_at: 0,
        typed_name: s(""),
        reason: s(""),
        certificate: s(certificate),
        action: s("/customers/cus_01kamadeup/destruction"),
        back: s("/customers/cus_01kamadeup"),
        errors,
    };
    let asked = "asked for, waits for a second officer";
    shelf.plain("destruction", &end("not asked for", Tone::Plain, DestructionStep::Ask, "", Errors::none()));
    let wrong = FieldError { field: s("name"), message: s("Type the customer's name exactly as it stands above") };
    shelf.plain("destruction-wrong", &end("not asked for", Tone::Plain, DestructionStep::Ask, "", Errors(vec![wrong])));
    shelf.plain("destruction-waits", &end(asked, Tone::Due, DestructionStep::Waits, "", Errors::none()));
    let decided = "decided, waits for the root key";
    shelf.plain("destruction-decided", &end(decided, Tone::Due, DestructionStep::Decided, "", Errors::none()));
    shelf.plain("destruction-decide", &end(asked, Tone::Due, DestructionStep::Approve, "", Errors::none()));
    let certificate = "Certificate of destruction\nrecords/cus_01kamadeup/1\nDestroyed 2026-11-03T19:02:00Z";
    shelf
        .plain("destruction-done", &end("destroyed", Tone::Danger, DestructionStep::None, certificate, Errors::none()));
    leaving(shelf);
    restricted(shelf);
    joining::joining(shelf);
    let new = |problems: &[(&str, &str)]| CustomerNewPage {
        chrome: officer("Customers"),
        name: String::new(),
        phone: s("+1 (555) 010-0000"),
        action: s("/customers"),
        errors: errors(problems),
    };
    shelf.plain("customer-new", &new(&[]));
    shelf.plain(
        "customer-new-error",
        &new(&[
            ("name", "Write the name as it stands in the agreement"),
            ("phone", "Write a telephone number with its area code"),
        ]),
    );
    let yes_no = || vec![choice("yes", "Yes"), chosen("no", "No", "")];
    let agreement = |problems: &[(&str, &str)]| AgreementNewPage {
        chrome: officer("Customers"),
        customer: s(LAKESIDE),
        from: date("1", "1", "2025"),
        to: DateParts::default(),
        reporting_days: s("20"),
        notices: vec![chosen("customer", "The customer", ""), choice("operator", "We do, in their name")],
        offshore: yes_no(),
        deidentify: yes_no(),
        at_end: vec![chosen("return", "Return, then destroy", ""), choice("destroy", "Destroy")],
        contacts: [
            ContactForm { name: s("June Albright"), phone: s("+1 (555) 010-3344"), email: s("albright@example.org") },
            ContactForm::default(),
        ],
        action: s("/customers/cus_01kamadeup/agreement"),
        back: s("/customers/cus_01kamadeup"),
        errors: errors(problems),
    };
    shelf.plain("agreement-new", &agreement(&[]));
    shelf.plain(
        "agreement-new-error",
        &agreement(&[("contact2_phone", "Two contacts are needed: write a telephone number for the second")]),
    );
}

/// A practice leaves: each step as its manager sees it.
fn leaving(shelf: &mut Shelf) {
    let counts = || {
        vec![
            fact("Exported", "2026-11-03 14:02"),
            fact("Documents", "48213"),
            fact("Versions of them", "51002"),
            fact("Manifest, SHA-256", "3f1c9a52d0b7e4861f0c2a9be57d41c8803f6ad15b92e7740cc81d2e96af3b07"),
        ]
    };
    let at = |state: &str, tone, step, counts: Vec<Fact>, secret: &str| LeavingPage {
        chrome: officer("Customers"),
        name: s(LAKESIDE),
        customer: s("cus_01kamadeup"),
        state: s(state),
        tone,
        facts: match step {
            LeavingStep::Begin => Vec::new(),
            _ => vec![fact("Decided by", "June Albright, 2026-11-02 09:30")],
        },
        outdated: !counts.is_empty() && step == LeavingStep::Export,
        counts,
        step,
        may_withdraw: step != LeavingStep::Begin,
        export: s("int_01kamadeup"),
        secret: s(secret),
        hold_days: 30,
        action: s("/customers/cus_01kamadeup/leaving"),
        back: s("/customers/cus_01kamadeup"),
    };
    let waits = "exported, waits for the practice's word";
    shelf.plain("leaving", &at("not decided", Tone::Plain, LeavingStep::Begin, Vec::new(), ""));
    let decided = "decided, nothing exported yet";
    shelf.plain("leaving-export", &at(decided, Tone::Due, LeavingStep::Export, Vec::new(), ""));
    shelf.plain("leaving-outdated", &at(waits, Tone::Due, LeavingStep::Export, counts(), ""));
    shelf.plain("leaving-secret", &at(waits, Tone::Due, LeavingStep::Secret, counts(), ""));
    let secret = "ABCD-2345-EFGH-6789-JKLM-NPQR-STUV-WXYZ-2345-ABCD-6789-EFGH-JKLM";
    shelf.plain("leaving-secret-shown", &at(waits, Tone::Due, LeavingStep::Confirm, counts(), secret));
    shelf.plain("leaving-hold", &at("confirmed by the practice", Tone::Good, LeavingStep::Hold, counts(), ""));
}

/// Who may see what is sensitive: the practice's rule, as its manager and as an officer see it, and one document.
fn restricted(shelf: &mut Shelf) {
    let circles = [
        ("normal", "Everybody who works with the practice's documents"),
        ("restricted", "Those who treat the patient"),
        ("very_restricted", "Its author alone"),
    ];
    let choices = |at: usize| {
        let one =
            |(place, (value, label)): (usize, &(&str, &str))| Choice { selected: place == at, ..choice(value, label) };
        circles.iter().enumerate().map(one).collect::<Vec<_>>()
    };
    let kind = |field: &str, label: &str, at: usize| KindRow {
        field: s(field),
        label: s(label),
        kept: s(circles[at].1),
        choices: choices(at),
    };
    let rule = |may| ConfidentialityPage {
        chrome: manager("People"),
        title: format!("What is restricted at {LAKESIDE}"),
        tag: None,
        choices: Vec::new(),
        kinds: vec![
            kind("hiv", "HIV", 0),
            kind("mental_health", "Mental health", 0),
            kind("substance_use", "Substance use (may be 42 CFR Part 2)", 1),
            kind("reproductive", "Reproductive health", 0),
            kind("adolescent_confidential", "What an adolescent may keep from guardians", 2),
        ],
        may,
        action: s("/customers/cus_01kamadeup/confidentiality"),
        back: s("/customers/cus_01kamadeup"),
        errors: errors(&[]),
    };
    shelf.plain("restricted", &rule(true));
    shelf.plain("restricted-officer", &rule(false));
    let document = ConfidentialityPage {
        title: s("Who may see this document"),
        tag: Some(tag(LAKESIDE)),
        choices: choices(1),
        kinds: Vec::new(),
        action: s("/documents/doc_01kamadeup/confidentiality"),
        back: s("/documents/doc_01kamadeup"),
        ..rule(true)
    };
    shelf.phi("who-may-see", &document);
}
