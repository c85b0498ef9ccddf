//! Patients: in the index, by hand and from a file, the people around them, and records that are one.

use super::Shelf;
use super::made_up::*;
use super::pages::merges::*;
use super::pages::parts::*;
use super::pages::patients::*;
use super::pages::related::*;
use record::document::DocumentState as S;

/// Patients, by hand and from a file.
pub(crate) fn patients(shelf: &mut Shelf) {
    let actions = vec![
        action("Import from a file", How::Visit, Weight::Secondary, "upload"),
        action("Add a patient", How::Visit, Weight::Primary, ""),
    ];
    let mut list = PatientListPage {
        chrome: manager("Patients"),
        rows: (0..7).map(patient_row).collect(),
        pager: pager("1–7 of 2,114"),
        empty: empty("", "", None),
        actions,
    };
    list.rows[2].provisional = true;
    shelf.phi("patients", &list);
    list.rows.clear();
    list.pager = None;
    list.empty = empty(
        "No patients yet.",
        "Import them from your practice-management program: documents are then matched by themselves.",
        Some(link("Import from a file", "/patients/import")),
    );
    shelf.plain("patients-empty", &list);

    let mut page = PatientPage {
        chrome: doctor("Patients"),
        tag: tag(LAKESIDE),
        name: s("Tessa Marlowe"),
        facts: vec![fact("Born", "03/09/2017"), fact("Record number", "48213"), fact("Practice", LAKESIDE)],
        provisional: "",
        went_into: None,
        merges: Vec::new(),
        related: guardians(),
        related_new_href: Some(s("/patients/pat_01kamadeup/related/new")),
        actions: vec![action("Correct", How::Visit, Weight::Secondary, "")],
        documents: rows(&[S::Signed, S::Delivered, S::Withdrawn]),
        empty: empty(
            "No documents that you may see.",
            "Documents of this patient come here when they are delivered.",
            None,
        ),
        care: vec![
            CareRow { who: s("Dr. Ada Okonkwo-Moss"), role: s("Clinician"), why: s("author of 3 documents") },
            CareRow { who: s("R. Fenn, NP"), role: s("Clinician"), why: s("received 1 document") },
        ],
        broken_glass_until: None,
    };
    for row in &mut page.documents {
        row.patient = s("Tessa Marlowe");
        row.identifier = s("born 03/09/2017");
        row.record_number = s("MRN 48213");
        row.tag = tag(LAKESIDE);
    }
    shelf.phi("patient", &page);
    page.documents.clear();
    page.care.clear();
    page.related.clear();
    page.provisional = "provisional: no record number yet";
    page.facts[1] = fact("Record number", "none yet");
    page.actions = vec![
        action("Link to a known patient", How::Visit, Weight::Primary, ""),
        action("Break the glass", How::Visit, Weight::Danger, "glass"),
    ];
    shelf.phi("patient-empty", &page);

    let form = |known: bool, alike, problems: &[(&str, &str)]| PatientFormPage {
        revision: 0,
        kept: Vec::new(),
        chrome: manager("Patients"),
        tag: known.then(|| tag(LAKESIDE)),
        form: PatientForm {
            family: if known { s("Marlowe") } else { String::new() },
            given: if known { s("Tessa") } else { String::new() },
            born: if known { date("3", "9", "2017") } else { DateParts::default() },
            record_number: if known { s("48213") } else { String::new() },
            customers: Vec::new(),
        },
        action: s("/patients"),
        back: s("/patients"),
        alike,
        errors: errors(problems),
    };
    shelf.plain("patient-new", &form(false, Vec::new(), &[]));
    shelf.phi("patient-edit", &form(true, Vec::new(), &[]));
    shelf.phi("patient-alike", &form(false, vec![patient_row(0)], &[]));
    shelf.plain(
        "patient-error",
        &form(
            false,
            Vec::new(),
            &[("family", "Write the family name"), ("born", "There is no February 30: look at the day")],
        ),
    );

    let mut corrected = form(true, Vec::new(), &[]);
    corrected.kept = vec![fact("Name", "Marlowe, Theresa"), fact("Record number", "48213")];
    shelf.phi("patient-changed-meanwhile", &corrected);
    related(shelf);

    let import = |step, problems: &[(&str, &str)]| PatientImportPage {
        chrome: manager("Patients"),
        step,
        action: s("/patients/import"),
        customers: vec![chosen("cus_1", LAKESIDE, "")],
        errors: errors(problems),
    };
    shelf.plain("import", &import(ImportStep::Choose, &[]));
    shelf.plain(
        "import-error",
        &import(ImportStep::Choose, &[("file", "The column born is missing in the first line")]),
    );
    let line = |line, family: &str, given: &str, born: &str, what: &str, error: &str| ImportRow {
        line,
        family: s(family),
        given: s(given),
        born: s(born),
        record_number: format!("{}", 48200 + line),
        what: s(what),
        error: s(error),
    };
    let preview = ImportStep::Preview {
        said: s("412 rows read: 398 new, 12 change a patient, 1 the same, 1 wrong"),
        rows: vec![
            line(7, "Abernathy", "Silas", "02/30/2016", "", "there is no February 30"),
            line(2, "Marlowe", "Tessa", "03/09/2017", "the same as before", ""),
            line(3, "Whitfield-Akana", "Jonah", "11/30/2019", "new", ""),
            line(4, "Lindqvist", "Beatrix", "07/14/2021", "changes the given name", ""),
        ],
        wrong: 1,
        hidden: vec![Hidden { name: s("upload"), value: s("upl_01kamadeup") }],
        tag: tag(LAKESIDE),
    };
    shelf.phi("import-preview", &import(preview, &[]));
    shelf.plain(
        "import-done",
        &import(
            ImportStep::Done {
                said: s("398 new patients, 12 changed. 3 unmatched documents found their patient."),
                href: s("/patients"),
            },
            &[],
        ),
    );
    let linking = PatientLinkPage {
        chrome: manager("Patients"),
        tag: tag(LAKESIDE),
        name: s("Baby boy Delacroix"),
        facts: vec![fact("Born", "11/17/2026"), fact("Documents", "2")],
        proposals: proposals(),
        action: s("/patients/pat_01kamadeup/link"),
        back: s("/patients/pat_01kamadeup"),
        errors: Errors::none(),
    };
    shelf.phi("patient-link", &linking);
    merges(shelf);
}

fn merges(shelf: &mut Shelf) {
    let row = |prior: &str, survivor: &str, why: &str| MergeRow {
        href: s("/patients/merges/mrg_01kamadeup"),
        prior: s(prior),
        survivor: s(survivor),
        why: s(why),
        since: at(20, "10:15"),
    };
    let rows = vec![
        row(
            "Marlowe, Tessa · born 03/09/2017 · MRN 48213",
            "Marlowe, Theresa · born 03/09/2017 · MRN 50771",
            "a message of your system says so",
        ),
        row("Whitfield-Akana, Jonah · born 11/30/2019", "Whitfield, Jonah · born 11/30/2019", "somebody here says so"),
    ];
    let list = |places: Vec<MergePlace>| MergeListPage {
        chrome: manager("Patients"),
        places,
        empty: empty("Nothing waits", "Two records that may be one patient’s appear here.", None),
    };
    shelf.phi("merges", &list(vec![MergePlace { tag: tag(LAKESIDE), rows, more: false }]));
    shelf.plain("merges-empty", &list(Vec::new()));
    let line = |name: &str, left: &str, right: &str| PairRow {
        name: s(name),
        left: s(left),
        right: s(right),
        differs: left != right,
    };
    let both = |step: MergeStep, problems: &[(&str, &str)]| MergePage {
        chrome: manager("Patients"),
        heading: "Are these one patient?",
        tag: tag(LAKESIDE),
        facts: vec![fact("Why", "a message of your system says so"), fact("Proposed", "Nov 20, 10:15 CST")],
        left: s("One record"),
        right: s("The other"),
        left_href: s("/patients/pat_01kamadeup"),
        right_href: s("/patients/pat_02kamadeup"),
        rows: vec![
            line("Family name", "Marlowe", "Marlowe"),
            line("Given names", "Tessa", "Theresa Louise"),
            line("Birth date", "03/09/2017", "03/09/2017"),
            line("Record number", "48213", "50771"),
            line("Guardians", "Marlowe-Diaz, Ines; Marlowe, Curtis", "–"),
        ],
        said: s("3 lines differ."),
        step,
        action: s("/patients/merges/mrg_01kamadeup"),
        errors: errors(problems),
    };
    let decide = || MergeStep::Decide {
        keep: vec![
            Choice {
                selected: true, ..chosen("pat_02", "Marlowe, Theresa Louise · born 03/09/2017 · MRN 50771", "")
            },
            chosen("pat_01", "Marlowe, Tessa · born 03/09/2017 · MRN 48213", ""),
        ],
        seen: Vec::new(),
    };
    shelf.phi("merge", &both(decide(), &[]));
    let changed = "Somebody has changed one of the two meanwhile: look at both again.";
    shelf.phi("merge-error", &both(decide(), &[("keep", changed)]));
    let undo = s("Taking it back gives 2 documents back to the record that went.");
    shelf.phi("merge-undo", &both(MergeStep::Undo { said: undo }, &[]));
    shelf.phi("merge-done", &both(MergeStep::Nothing { said: s("The merge was taken back.") }, &[]));
    let by_hand = |problems: &[(&str, &str)]| MergeNewPage {
        chrome: manager("Patients"),
        tag: tag(LAKESIDE),
        name: s("Marlowe, Tessa"),
        facts: vec![fact("Birth date", "03/09/2017"), fact("Record number", "48213")],
        record_number: String::new(),
        proposals: proposals(),
        action: s("/patients/pat_01kamadeup/merge"),
        back: s("/patients/pat_01kamadeup"),
        errors: errors(problems),
    };
    shelf.phi("merge-new", &by_hand(&[]));
    shelf.phi("merge-new-error", &by_hand(&[("record_number", "No other patient here has this number")]));
}

fn guardians() -> Vec<RelatedRow> {
    vec![
        RelatedRow {
            name: s("Marlowe-Diaz, Ines"),
            kind: s("Guardian"),
            relation: s("mother"),
            phone: s("+1 608 555 0142"),
            authority: s("may consent to treatment, may pick up records"),
            court_order: s("Sole custody; no contact with the father. County court, 03/09/2025."),
            change_href: s("/patients/pat_01kamadeup/related/rel_01kamadeup"),
            ..RelatedRow::default()
        },
        RelatedRow {
            name: s("Marlowe, Curtis"),
            kind: s("Guardian"),
            relation: s("father"),
            authority: s("no authority written down"),
            dates: s("until 03/09/2025"),
            not_in_force: true,
            change_href: s("/patients/pat_01kamadeup/related/rel_02kamadeup"),
            ..RelatedRow::default()
        },
        RelatedRow {
            name: s("Diaz, Rosa"),
            kind: s("Guarantor"),
            relation: s("grandmother"),
            phone: s("+1 608 555 0143"),
            address: s("12 Elm Street, Madison"),
            ..RelatedRow::default()
        },
    ]
}

fn related(shelf: &mut Shelf) {
    let form = |known: bool, problems: &[(&str, &str)]| RelatedFormPage {
        chrome: manager("Patients"),
        tag: tag(LAKESIDE),
        patient: s("Marlowe, Tessa"),
        facts: vec![fact("Birth date", "03/09/2017"), fact("Record number", "48213")],
        kinds: if known {
            Vec::new()
        } else {
            vec![chosen("guardian", "Guardian", "Speaks for the patient."), chosen("guarantor", "Guarantor", "Pays.")]
        },
        form: RelatedTyped {
            family: if known { s("Marlowe-Diaz") } else { String::new() },
            given: if known { s("Ines") } else { String::new() },
            may_consent: known,
            may_pick_up: known,
            court_order: if known { s("Sole custody.") } else { String::new() },
            ..RelatedTyped::default()
        },
        has_say: true,
        kept: Vec::new(),
        revision: 0,
        action: s("/patients/pat_01kamadeup/related/new"),
        back: s("/patients/pat_01kamadeup"),
        errors: errors(problems),
    };
    shelf.phi("related-new", &form(false, &[]));
    shelf.phi("related-edit", &form(true, &[]));
    shelf.phi(
        "related-error",
        &form(false, &[("family", "Write the family name"), ("to", "The last day lies before the first")]),
    );
    let mut changed = form(true, &[]);
    changed.kept = vec![fact("Name", "Marlowe-Diaz, Ines"), fact("May", "may consent to treatment")];
    shelf.phi("related-changed-meanwhile", &changed);
}
