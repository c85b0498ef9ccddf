//! The way in, lists, documents and uploads.

use super::Shelf;
use super::made_up::*;
use super::pages::document::*;
use super::pages::documents::*;
use super::pages::entrance::*;
use super::pages::parts::*;
use super::pages::search::*;
use super::pages::upload::*;
use record::document::{DocumentKind, DocumentState as S};

fn passkeys(count: usize) -> Vec<PasskeyRow> {
    [("My phone", 12), ("Security key in the drawer", 13), ("Tablet at home", 14)]
        .into_iter()
        .take(count)
        .map(|(label, day)| PasskeyRow {
            label: s(label),
            added: at(day, "08:30"),
            used: (day < 14).then(|| at(20, "07:58")),
            remove: (count > 1).then(|| post("Take it away", "/me/passkeys/remove")),
        })
        .collect()
}

/// Sign in, invitation, enrolment, lock.
pub(crate) fn entrance(shelf: &mut Shelf) {
    let sign_in = |problem: Option<&str>, signed_out| SignInPage {
        chrome: stranger(),
        next: s("/"),
        problem: problem.map(s),
        signed_out,
    };
    shelf.plain("sign-in", &sign_in(None, false));
    shelf.plain("sign-in-out", &sign_in(None, true));
    let refused = "That passkey is not known here, or it has been ended. Ask your practice manager.";
    shelf.plain("sign-in-error", &sign_in(Some(refused), false));
    shelf.plain("go", &GoPage { chrome: stranger(), to: s("/documents/doc_01kamadeup") });
    let invitation = |problems: &[(&str, &str)], gone| InvitationPage {
        chrome: stranger(),
        action: s("/invitation"),
        token: s("made-up-invitation-token"),
        errors: errors(problems),
        gone,
    };
    shelf.plain("invitation", &invitation(&[], false));
    shelf.plain(
        "invitation-error",
        &invitation(&[("words", "These are not the words. Ask again by telephone: 4 tries are left.")], false),
    );
    shelf.plain("invitation-gone", &invitation(&[], true));
    let enrol = |needed, have, problem: Option<&str>| EnrolPage {
        chrome: stranger(),
        name: s("Dr. Ada Okonkwo-Moss"),
        place: s("Clinician at Lakeside Pediatrics"),
        needed,
        passkeys: passkeys(have),
        hidden: vec![
            Hidden { name: s("token"), value: s("made-up-invitation-token") },
            Hidden { name: s("words"), value: s("MADE-UPXX") },
        ],
        problem: problem.map(s),
        next: s("/"),
    };
    shelf.plain("enrol", &enrol(1, 0, None));
    shelf.plain("enrol-officer", &enrol(2, 1, None));
    shelf.plain("enrol-done", &enrol(1, 1, None));
    shelf.plain("enrol-error", &enrol(1, 0, Some("The device gave no answer. Try again.")));
    let codes = [
        "7kq4-mz2p-9tdx-r8wv-c3hn",
        "b5jy-0fsa-6gk2-xq7e-tn4m",
        "2wvp-d8rc-h6zt-m9k3-ya5j",
        "x4ne-q7bs-1gtf-p0kw-z8md",
    ];
    let codes: Vec<String> = codes.iter().flat_map(|code| [s(code), code.chars().rev().collect()]).collect();
    shelf.plain("recovery-codes", &RecoveryCodesPage { chrome: stranger(), codes, next: s("/") });
    let recover = RecoverPage {
        chrome: stranger(),
        link: s("https://portal.prairie.example/invitation/6xk2-9dmw-q0tz-madeup"),
        until: at(23, "10:12"),
    };
    shelf.plain("recover", &recover);
    let locked = |problem: Option<&str>| LockedPage {
        chrome: stranger(),
        name: s("Dr. Ada Okonkwo-Moss"),
        next: s("/"),
        problem: problem.map(s),
    };
    shelf.plain("locked", &locked(None));
    shelf.plain("locked-error", &locked(Some("That was another person’s passkey. Use yours, or switch person.")));
    let mut chrome = doctor("Inbox");
    chrome.witness = None;
    let step_up = StepUpPage {
        chrome,
        what: s("sign one transcript"),
        action: s("/step-up/start"),
        hidden: vec![Hidden { name: s("next"), value: s("/documents/doc_01kamadeup") }],
        back: s("/documents/doc_01kamadeup"),
        problem: None,
    };
    shelf.plain("step-up", &step_up);
    let mine =
        PasskeysPage { chrome: doctor(""), passkeys: passkeys(3), codes_left: 7, new_codes_action: s("/me/codes") };
    shelf.plain("passkeys", &mine);
}

/// Inbox, queue, unmatched, held, search.
pub(crate) fn lists(shelf: &mut Shelf) {
    let mut inbox = InboxPage {
        chrome: doctor("Inbox"),
        tabs: vec![tab("Unread by me", 12, true), tab("Picked up by the practice", 5, false), tab("All", 148, false)],
        rows: rows(&[
            S::Delivered,
            S::Delivered,
            S::Signed,
            S::Delivered,
            S::Unmatched,
            S::Delivered,
            S::Delivered,
            S::Signed,
        ]),
        pager: pager("1–8 of 12"),
        empty: empty("", "", None),
        elsewhere: None,
    };
    for (number, row) in inbox.rows.iter_mut().enumerate() {
        row.unread = number < 5;
        row.broken_glass = number == 6;
    }
    inbox.rows[2].picked_up = Some(s("picked up by G. Purdy, 11:20"));
    inbox.rows[4].patient = s("No patient yet");
    inbox.rows[4].identifier = s("“Marlow, T.”, born 03/09/2017");
    inbox.rows[4].record_number.clear();
    inbox.chrome.flash = flash(Tone::Good, "Signed. Tessa Marlowe’s transcript of 11/19/2026 is done.", None);
    shelf.phi("inbox", &inbox);
    inbox.rows.clear();
    inbox.pager = None;
    inbox.chrome.flash = None;
    inbox.chrome.banners.push(recovery_banner());
    inbox.empty = empty(
        "You have read everything.",
        "New transcripts come here as soon as they are delivered to your clinics. You can look up older ones at any time.",
        Some(link("Search", "/search")),
    );
    inbox.elsewhere = Some(link("3 more wait at Harbor Family Clinic", "/?customer=x"));
    shelf.plain("inbox-empty", &inbox);

    let list = |kind, here: &str, states: &[S]| DocumentListPage {
        chrome: typist(here),
        kind,
        tabs: Vec::new(),
        rows: rows(states),
        pager: None,
        empty: empty(
            "Nothing waits here.",
            "Documents come here by themselves when there is something to decide.",
            None,
        ),
        primary: None,
    };
    let mut queue = list(ListKind::Queue, "Queue", &[S::Dictated, S::Transcribed, S::Edited, S::Transcribed, S::Held]);
    queue.primary = Some(link("Upload documents", "/upload"));
    queue.tabs = vec![tab("Mine", 5, true), tab("Returned to me", 1, false), tab("All", 23, false)];
    for (row, (note, tone)) in queue.rows.iter_mut().zip([
        ("late by 2 h", Tone::Danger),
        ("in 40 min", Tone::Due),
        ("today 18:00", Tone::Plain),
        ("tomorrow", Tone::Plain),
    ]) {
        row.note = s(note);
        row.note_tone = tone;
    }
    queue.chrome.flash =
        flash(Tone::Good, "Delivered to Lakeside Pediatrics.", Some(post("Undo, 9 minutes left", "/documents/x/undo")));
    shelf.phi("queue", &queue);
    let mut unmatched = list(ListKind::Unmatched, "Unmatched", &[S::Unmatched; 3]);
    for (row, note) in unmatched.rows.iter_mut().zip(["Tessa Marlowe, 94 of 100", "two people, 71 and 70", "nobody"]) {
        row.patient = s("No patient yet");
        row.identifier = s("“Marlow, T.”, born 03/09/2017");
        row.record_number.clear();
        row.note = s(note);
    }
    shelf.phi("unmatched", &unmatched);
    shelf.plain("unmatched-empty", &list(ListKind::Unmatched, "Unmatched", &[]));
    let mut held = list(ListKind::Held, "Held", &[S::Held, S::Held]);
    held.rows[0].note = s("two voices in the dictation, asked Dr. Sandoval");
    held.rows[1].note = s("birth date differs from the chart");
    shelf.phi("held", &held);
    let mut print = list(ListKind::ToPrint, "To print", &[S::Delivered, S::Signed, S::Signed]);
    print.chrome = manager("To print");
    shelf.phi("to-print", &print);
    let mut documents =
        list(ListKind::Documents, "Documents", &[S::Signed, S::Delivered, S::Withdrawn, S::EnteredInError, S::Signed]);
    documents.chrome = doctor("Documents");
    documents.pager = pager("1–5 of 148");
    shelf.phi("documents", &documents);

    let search = |query, problems: &[(&str, &str)], found| SearchPage {
        chrome: doctor("Search"),
        query,
        customers: vec![chosen("", "All my clinics", ""), choice("cus_1", LAKESIDE), choice("cus_2", HARBOR)],
        errors: errors(problems),
        found,
    };
    shelf.plain("search", &search(SearchQuery::default(), &[], None));
    let typed = SearchQuery { words: s("marlowe tess"), ..SearchQuery::default() };
    let mut seen = patient_row(3);
    seen.broken_glass = true;
    let found = Found {
        said: s("2 patients and 4 documents at your clinics"),
        patients: vec![patient_row(0), seen],
        rows: rows(&[S::Signed, S::Delivered, S::Signed, S::Delivered]),
        pager: Some(Pager {
            text: s("1–4 of 9"),
            previous: None,
            next: Some(s("/search")),
            again: vec![Hidden { name: s("q"), value: s("marlowe tess") }, Hidden { name: s("page"), value: s("2") }],
        }),
        break_glass_href: Some(s("/break-glass/new")),
    };
    shelf.phi("search-results", &search(typed, &[], Some(found)));
    let typed = SearchQuery { words: s("zzyzx"), ..SearchQuery::default() };
    let none = Found {
        said: s("Nothing found at your clinics"),
        break_glass_href: Some(s("/break-glass/new")),
        ..Found::default()
    };
    shelf.plain("search-none", &search(typed, &[], Some(none)));
    let typed = SearchQuery { born: date("13", "9", "17"), family: s("Ma"), ..SearchQuery::default() };
    shelf.plain(
        "search-error",
        &search(
            typed,
            &[
                ("born", "Write the birth date as month, day and year with four digits"),
                ("family", "Write at least three letters of the family name"),
            ],
            None,
        ),
    );
}

fn version(number: u32, what: &str, day: u32, current: bool) -> VersionRow {
    VersionRow {
        number,
        by: s("Milo Brandt"),
        at: at(day, "09:14"),
        what: s(what),
        href: s("/documents/doc_01kamadeup?version=1"),
        current,
    }
}

fn document_page(state: S, body: Body) -> DocumentPage {
    DocumentPage {
        chrome: doctor("Inbox"),
        tag: tag(LAKESIDE),
        kind: DocumentKind::Transcript,
        state,
        patient: s("Tessa Marlowe"),
        patient_href: Some(s("/patients/pat_01kamadeup")),
        facts: vec![
            fact("Born", "03/09/2017"),
            fact("Record number", "48213"),
            fact("Visit", "11/19/2026"),
            fact("Author", "Dr. Ada Okonkwo-Moss"),
            fact("Practice", LAKESIDE),
        ],
        notices: Vec::new(),
        broken_glass_until: None,
        actions: Vec::new(),
        body,
        version: 2,
        digest: s("9f2b1c7e4a8d0356f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988"),
        versions: vec![version(2, "edited by QA", 20, true), version(1, "as typed", 19, false)],
        opened: opened(),
    }
}

/// One document in its states, on paper too.
pub(crate) fn document(shelf: &mut Shelf) {
    let text = TextBlock::split(TRANSCRIPT);
    let mut page = document_page(S::Delivered, Body::Text(text.clone()));
    let print = PageAction {
        href: s("/documents/doc_01kamadeup/print"),
        ..action("Print", How::Visit, Weight::Secondary, "print")
    };
    page.actions = vec![
        print.clone(),
        action("Download", How::Download, Weight::Secondary, "download"),
        action("Sign", How::PostAfterTouch, Weight::Primary, "sign"),
        action("Withdraw", How::Visit, Weight::Danger, ""),
        action("Entered in error", How::Visit, Weight::Danger, ""),
    ];
    shelf.phi("document", &page);

    let mut staff = document_page(S::Signed, Body::Text(text.clone()));
    staff.chrome = manager("To print");
    staff.actions = vec![
        PageAction { weight: Weight::Primary, ..print },
        action("Mark as picked up", How::Post, Weight::Secondary, "check"),
        action("Download", How::Download, Weight::Secondary, "download"),
    ];
    staff.broken_glass_until = Some(at(20, "18:00"));
    staff.notices = vec![Notice {
        tone: Tone::Due,
        text: s("Moved here from another chart on Nov 19: dictated under the wrong number."),
        link: Some(link("What happened", "#")),
    }];
    shelf.phi("document-signed", &staff);

    let mut sound = document_page(S::Dictated, Body::OriginalOnly { what: s("Recording, 4.2 MB, 6 min 12 s") });
    sound.chrome = typist("Queue");
    sound.kind = DocumentKind::Dictation;
    sound.patient = s("No patient yet");
    sound.patient_href = None;
    sound.opened.clear();
    sound.notices =
        vec![Notice { tone: Tone::Plain, text: s("Not scanned for malware: no scanner is set up."), link: None }];
    sound.actions = vec![
        action("Download the recording", How::Download, Weight::Primary, "download"),
        action("Add the typed text", How::Visit, Weight::Secondary, "upload"),
        action("Match", How::Visit, Weight::Secondary, "person"),
    ];
    shelf.phi("document-dictation", &sound);

    let closed = Body::Closed { why: s("It was withdrawn on Nov 20: wrong patient. The practice manager knows more.") };
    let mut withdrawn = document_page(S::Withdrawn, closed);
    withdrawn.notices = vec![Notice {
        tone: Tone::Danger,
        text: s("Withdrawn by Ines Calloway on Nov 20, 10:12: wrong patient."),
        link: None,
    }];
    shelf.phi("document-withdrawn", &withdrawn);

    let paper = DocumentPrintPage {
        chrome: doctor("Inbox"),
        tag: tag(LAKESIDE),
        kind: DocumentKind::Transcript,
        state: S::Signed,
        patient: s("Tessa Marlowe"),
        facts: withdrawn.facts.clone(),
        version: 2,
        digest: withdrawn.digest.clone(),
        text,
        signed: s("Signed by Dr. Ada Okonkwo-Moss on Nov 20, 14:09 CST"),
        printed_by: s("Gale Purdy"),
        printed_at: at(20, "14:11"),
        back: s("/documents/doc_01kamadeup"),
    };
    shelf.phi("document-print", &paper);
}

fn reasons() -> Vec<Choice> {
    vec![
        choice("wrong_patient", "Wrong patient"),
        choice("wrong_practice", "Wrong practice"),
        choice("wrong_text", "The text is wrong"),
        choice("other", "Something else"),
    ]
}

/// Match, withdraw, move, upload.
pub(crate) fn forms(shelf: &mut Shelf) {
    let matching = |proposals, problems: &[(&str, &str)]| MatchPage {
        revision: 0,
        chrome: typist("Unmatched"),
        document: DocumentBrief { patient: s("No patient yet"), identifier: String::new(), ..brief(S::Unmatched) },
        says: vec![
            fact("Name", "Marlow, T."),
            fact("Born", "03/09/2017"),
            fact("Visit", "11/19/2026"),
            fact("Author", "Dr. A. Okonkwo-Moss"),
        ],
        proposals,
        action: s("/documents/doc_01kamadeup/match"),
        look_action: s("/documents/doc_01kamadeup/match/look"),
        family: String::new(),
        given: String::new(),
        born: DateParts::default(),
        record_number: String::new(),
        provisional_action: Some(s("/documents/doc_01kamadeup/match/provisional")),
        errors: errors(problems),
    };
    shelf.phi("match", &matching(proposals(), &[]));
    shelf.phi("match-none", &matching(Vec::new(), &[]));
    shelf.phi("match-error", &matching(proposals(), &[("patient", "Choose the patient, or look for somebody else")]));

    let reason = |act, state, problems: &[(&str, &str)]| ReasonPage {
        chrome: typist(""),
        act,
        document: brief(state),
        reasons: reasons(),
        word: String::new(),
        opened: opened(),
        action: s("/documents/doc_01kamadeup/withdraw"),
        errors: errors(problems),
    };
    shelf.phi("withdraw", &reason(ReasonedAct::Withdraw, S::Delivered, &[]));
    shelf.phi(
        "withdraw-error",
        &reason(ReasonedAct::Withdraw, S::Delivered, &[("reason", "Choose why it is withdrawn")]),
    );
    shelf.phi("enter-in-error", &reason(ReasonedAct::EnterInError, S::Signed, &[]));
    shelf.phi("hold", &reason(ReasonedAct::Hold, S::Edited, &[]));
    shelf.phi("undo-delivery", &reason(ReasonedAct::UndoDelivery, S::Delivered, &[]));

    let moving = |proposals, problems: &[(&str, &str)]| MovePage {
        chrome: officer(""),
        document: brief(S::Withdrawn),
        customers: vec![chosen("cus_1", LAKESIDE, ""), choice("cus_2", HARBOR)],
        proposals,
        family: s("Marlow"),
        given: s("Teresa"),
        born: date("9", "3", "2017"),
        record_number: String::new(),
        reason: String::new(),
        opened: opened(),
        action: s("/documents/doc_01kamadeup/move"),
        errors: errors(problems),
    };
    shelf.phi("move", &moving(proposals(), &[]));
    shelf.phi("move-error", &moving(Vec::new(), &[("family", "Nobody of this name and birth date is known there")]));

    let upload = |closed: Option<&str>, problems: &[(&str, &str)]| UploadPage {
        chrome: typist("Upload"),
        customers: vec![chosen("cus_1", LAKESIDE, ""), choice("cus_2", HARBOR)],
        kinds: vec![
            chosen("transcript", "Transcripts", ""),
            choice("letter", "Letters"),
            choice("scan", "Scans"),
            choice("dictation", "Dictations"),
        ],
        authors: vec![
            chosen("", "As the file’s name says", ""),
            choice("per_1", "Dr. Ada Okonkwo-Moss"),
            choice("per_2", "Dr. Pilar Sandoval"),
        ],
        template: s("{author}_{last}_{first}_{date}"),
        version_of: String::new(),
        same: vec![chosen("", "Leave it out and tell me", ""), choice("keep", "Keep both")],
        max_bytes: 4_294_967_296,
        max_text: s("4 GB"),
        closed: closed.map(s),
        errors: errors(problems),
    };
    shelf.plain("upload", &upload(None, &[]));
    shelf.plain(
        "upload-error",
        &upload(
            None,
            &[
                ("files", "Choose at least one file"),
                ("template", "A part is written {last}; this one has no end: {date"),
            ],
        ),
    );
    shelf.plain("upload-closed", &upload(Some("No customer you work for has an agreement in force. Ask a privacy officer: Ines Calloway, +1 (555) 010-7790."), &[]));
    let result = |name: &str, outcome: &str, tone, message: &str, kept: bool| UploadResult {
        name: s(name),
        size: s("18 kB"),
        outcome: s(outcome),
        tone,
        message: s(message),
        href: kept.then(|| s("/documents/doc_01kamadeup")),
        tag: kept.then(|| tag(LAKESIDE)),
        version_href: None,
    };
    let came_before = UploadResult {
        tag: Some(tag(LAKESIDE)),
        version_href: Some(s("/upload?version_of=doc_01kamadeup")),
        ..result(
            "moss_delacroix_omar_again.pdf",
            "Came in before",
            Tone::Due,
            "This file came in on 11/18/2026 at 9:12 as moss_delacroix_omar_2026-11-18.pdf, filed for Delacroix, Omar (transcript, edited). Nothing was kept.",
            false,
        )
    };
    let uploaded = UploadedPage {
        chrome: typist("Upload"),
        said: s("2 kept, 1 of them unmatched; 1 not taken"),
        results: vec![
            result(
                "moss_marlowe_tessa_2026-11-19.docx",
                "Not taken",
                Tone::Danger,
                "The file is cut off. Save it again and send it once more.",
                false,
            ),
            result("moss_marlow_t_2026-11-19.txt", "Unmatched", Tone::Due, "Name the patient.", true),
            result("moss_delacroix_omar_2026-11-18.pdf", "Matched", Tone::Good, "", true),
            came_before,
        ],
        more_href: s("/upload"),
    };
    shelf.phi("uploaded", &uploaded);
    dictate(shelf);
}

/// A clinician's own page for dictations.
fn dictate(shelf: &mut Shelf) {
    let sent =
        |kind: &str, state, time: &str| SentRow { kind: s(kind), customer: s(LAKESIDE), state, at: at(21, time) };
    let page = |sent: Vec<SentRow>, closed: Option<&str>| DictatePage {
        chrome: doctor("Dictate"),
        customers: vec![chosen("cus_1", LAKESIDE, ""), choice("cus_2", HARBOR)],
        sent,
        max_text: s("4 GB"),
        closed: closed.map(s),
        errors: errors(&[]),
    };
    let rows = vec![sent("Dictation", S::Dictated, "9:40"), sent("Letter", S::Edited, "8:15")];
    shelf.plain("dictate", &page(rows, None));
    shelf.plain("dictate-closed", &page(Vec::new(), Some("Your practice has no agreement in force.")));
}
