//! A practice joins another, or some of its patients go there: each step as the manager sees whose turn it is.

use super::Shelf;
use super::made_up::*;
use super::pages::joining::*;
use super::pages::parts::*;

fn card(state: &str, tone: Tone, next: JoiningNext) -> JoiningCard {
    let row = |name: &str, role: &str| JoiningRow {
        membership: s("mem_01kamadeup"),
        name: s(name),
        role: s(role),
        until: s(if name == "Omar Reyes, MD" { "2027-03-31" } else { "" }),
        is_asker: name == "June Albright",
    };
    JoiningCard {
        joins: s("Harbor Family Practice"),
        into: s(LAKESIDE),
        state: s(state),
        tone,
        facts: vec![fact("Prepared by", "P. Lindqvist, 2026-11-02 09:30")],
        counts: vec![fact("Documents", "48,213"), fact("Patients", "6,120"), fact("Size", "9.1 GB")],
        prefix: s("H-"),
        hindered: String::new(),
        grown: String::new(),
        waits_for: s("Harbor Family Practice"),
        has_begun: false,
        next,
        may_withdraw: true,
        may_end: false,
        people: match next {
            JoiningNext::Agree => vec![
                row("June Albright", "Clinician"),
                row("Omar Reyes, MD", "Clinician"),
                row("Tess Marlowe", "Records staff"),
            ],
            _ => Vec::new(),
        },
        id: s("cus_01kamadeup"),
        seen: s("1"),
        split: None,
    }
}

fn split_card((state, tone): (&str, Tone), next: JoiningNext, href: &str) -> JoiningCard {
    let counts = vec![fact("Documents", "1,204"), fact("Patients", "311"), fact("Size", "220.1 MB")];
    let split =
        Some(SplitCard { list: s("5f1d3a0c9be24e7781c05d6f2a94b37e60c8d1f4a2b95e3370d6c8f1a4e29b57"), href: s(href) });
    JoiningCard { counts, split, ..card(state, tone, next) }
}

fn split_row(name: &str, number: &str, (fate, tone): (&str, Tone)) -> SplitRow {
    SplitRow { name: s(name), born: s("05/04/2016"), record_number: s(number), fate: s(fate), tone }
}

pub(super) fn joining(shelf: &mut Shelf) {
    let page = |cards: Vec<JoiningCard>| JoiningPage {
        chrome: officer("Customers"),
        name: s(LAKESIDE),
        cards,
        action: s("/customers/cus_01kamadeup/joining"),
        back: s("/customers/cus_01kamadeup"),
    };
    shelf.plain("joining-none", &page(Vec::new()));
    let first = "prepared: the practice that joins decides first";
    shelf.plain("joining-give", &page(vec![card(first, Tone::Due, JoiningNext::Give)]));
    let second = "one yes: the practice that is joined decides next";
    shelf.plain("joining-agree", &page(vec![card(second, Tone::Due, JoiningNext::Agree)]));
    shelf.plain("joining-wait", &page(vec![card(second, Tone::Due, JoiningNext::Wait)]));
    let hindered = "Documents are held at one of the two practices. They are released or withdrawn first.";
    let held = JoiningCard { hindered: s(hindered), ..card(first, Tone::Due, JoiningNext::None) };
    shelf.plain("joining-hindered", &page(vec![held]));
    shelf.plain("joining-run", &page(vec![card("both have said yes", Tone::Good, JoiningNext::Run)]));
    let done = JoiningCard { may_withdraw: false, ..card("done", Tone::Good, JoiningNext::None) };
    shelf.plain("joining-done", &page(vec![done]));
    let moving = JoiningCard {
        counts: Vec::new(),
        has_begun: true,
        may_withdraw: false,
        ..card("being carried out: its records are not all there yet", Tone::Due, JoiningNext::Run)
    };
    shelf.plain("joining-moving", &page(vec![moving]));
    splits(shelf, &page);
}

fn splits(shelf: &mut Shelf, page: &impl Fn(Vec<JoiningCard>) -> JoiningPage) {
    let list = "/customers/cus_01kamadeup/joining/patients";
    let first = ("prepared: the practice whose patients they are decides first", Tone::Due);
    shelf.plain("joining-split-give", &page(vec![split_card(first, JoiningNext::Give, list)]));
    let second = ("one yes: the practice to which they go decides next", Tone::Due);
    shelf.plain("joining-split-agree", &page(vec![split_card(second, JoiningNext::Agree, "")]));
    let more = "More would move by now than Harbor Family Practice’s manager was shown: 1,198 documents, 219.0 MB then, \
                1,204 documents, 220.1 MB now.";
    let grown = JoiningCard { grown: s(more), ..split_card(second, JoiningNext::Agree, "") };
    shelf.plain("joining-split-grown", &page(vec![grown]));
    shelf.plain("joining-split-wait", &page(vec![split_card(second, JoiningNext::Wait, list)]));
    let both = ("both have said yes", Tone::Good);
    shelf.plain("joining-split-run", &page(vec![split_card(both, JoiningNext::Run, list)]));
    let over = |state, next, has_begun| JoiningCard {
        counts: Vec::new(),
        has_begun,
        may_withdraw: false,
        ..split_card(state, next, list)
    };
    let way = ("being carried out, chart by chart: not all are there yet", Tone::Due);
    let moving = JoiningCard { may_end: true, ..over(way, JoiningNext::Run, true) };
    shelf.plain("joining-split-moving", &page(vec![moving]));
    let hindered = s("No agreement is in force with the practice that is joined.");
    let stopped = JoiningCard { may_end: true, hindered, ..over(way, JoiningNext::Run, true) };
    shelf.plain("joining-split-stopped", &page(vec![stopped]));
    let mut done = over(("done", Tone::Good), JoiningNext::None, false);
    done.facts.extend([fact("Patients moved", "309"), fact("With them", "1,201 documents, 219.6 MB")]);
    done.facts.push(fact("Chosen, and stay", "2"));
    let mut ended =
        over(("ended half way: who has moved stays there, and nobody else moves", Tone::Due), JoiningNext::None, false);
    ended.facts.extend([fact("Patients moved", "120"), fact("Ended half way by", "Mara Quist")]);
    ended.facts.push(fact("Chosen, and stay", "191"));
    shelf.plain("joining-split-ended", &page(vec![ended]));
    shelf.plain("joining-split-done", &page(vec![done]));
    let rows = vec![
        split_row("Abernathy, Cole", "LP-100212", ("moves", Tone::Good)),
        split_row("Delacroix, Mina", "LP-100871", ("stays: others wrote documents, too", Tone::Due)),
        split_row("Okonkwo, Tobias", "LP-101440", ("stays: a document is held", Tone::Due)),
    ];
    let lines = |into: &str, rows: Vec<SplitRow>, pager: Option<Pager>| SplitListPage {
        chrome: officer("Customers"),
        tag: tag(LAKESIDE),
        into: s(into),
        rows,
        pager,
        back: s("/customers/cus_01kamadeup/joining"),
    };
    let more = Pager { text: s("There are more."), previous: None, next: Some(s(list)), again: Vec::new() };
    shelf.phi("joining-split-list", &lines("Harbor Family Practice", rows, Some(more)));
    let bare = |name: &str, fate: &str| SplitRow {
        born: String::new(),
        record_number: String::new(),
        ..split_row(name, "", (fate, Tone::Due))
    };
    let stayed = vec![
        split_row("Delacroix, Mina", "LP-100871", ("stays: others wrote documents, too", Tone::Due)),
        bare("a record that does not open", "stays: something does not open"),
        bare("a record that is not here any more", "stays: the record is not here any more"),
    ];
    shelf.phi("joining-split-stayed", &lines("", stayed, None));
}
