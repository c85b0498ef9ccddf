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
        counts: vec![fact("Documents", "48,213"), fact("Patients", "6,120"), fact("Bytes", "9,120,334,551")],
        prefix: s("H-"),
        hindered: String::new(),
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

fn split_card(next: JoiningNext, href: &str) -> JoiningCard {
    let counts = vec![fact("Documents", "1,204"), fact("Patients", "311"), fact("Bytes", "220,118,904")];
    let split =
        Some(SplitCard { list: s("5f1d3a0c9be24e7781c05d6f2a94b37e60c8d1f4a2b95e3370d6c8f1a4e29b57"), href: s(href) });
    JoiningCard { counts, split, ..card("prepared: the practice that joins decides first", Tone::Due, next) }
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
    let second = "one yes: the practice that is joined decides";
    shelf.plain("joining-agree", &page(vec![card(second, Tone::Due, JoiningNext::Agree)]));
    shelf.plain("joining-wait", &page(vec![card(second, Tone::Due, JoiningNext::Wait)]));
    let hindered = "Documents are held at one of the two practices. They are released or withdrawn first.";
    let held = JoiningCard { hindered: s(hindered), ..card(first, Tone::Due, JoiningNext::None) };
    shelf.plain("joining-hindered", &page(vec![held]));
    shelf.plain("joining-run", &page(vec![card("both have said yes", Tone::Good, JoiningNext::Run)]));
    let done = JoiningCard { may_withdraw: false, ..card("done", Tone::Good, JoiningNext::None) };
    shelf.plain("joining-done", &page(vec![done]));
    let list = "/customers/cus_01kamadeup/joining/patients";
    shelf.plain("joining-split-give", &page(vec![split_card(JoiningNext::Give, list)]));
    shelf.plain("joining-split-agree", &page(vec![split_card(JoiningNext::Agree, "")]));
    let moving = JoiningCard {
        state: s("being carried out: its records are not all there yet"),
        counts: Vec::new(),
        hindered: s("No agreement is in force with the practice that is joined."),
        may_withdraw: false,
        may_end: true,
        ..split_card(JoiningNext::Run, list)
    };
    shelf.plain("joining-split-moving", &page(vec![moving]));
    let rows = vec![
        split_row("Abernathy, Cole", "LP-100212", ("moves", Tone::Good)),
        split_row("Delacroix, Mina", "LP-100871", ("stays: others wrote documents, too", Tone::Due)),
        split_row("Okonkwo, Tobias", "LP-101440", ("stays: a document is held", Tone::Due)),
    ];
    let (tag, back) = (tag(LAKESIDE), s("/customers/cus_01kamadeup/joining"));
    shelf.plain("joining-split-list", &SplitListPage { chrome: officer("Customers"), tag, rows, pager: None, back });
}
