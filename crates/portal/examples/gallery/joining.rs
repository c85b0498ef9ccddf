//! A practice joins another: each step as the manager sees whose turn it is.

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
    }
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
}
