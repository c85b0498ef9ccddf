//! Every text pair that the style sheet declares can be read, in both themes (WCAG 2.2, 1.4.3: 4.5 to 1).

use std::collections::{BTreeMap, BTreeSet};

const CSS: &str = include_str!("../../static/strongroom.css");

type Palette = BTreeMap<String, [f64; 3]>;

/// The colours of one `:root { … }` block.
fn palette(block: &str) -> Palette {
    block
        .split(';')
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = name.trim().rsplit("--").next()?.trim();
            let hex = value.trim().strip_prefix('#')?;
            let channel = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok().map(f64::from);
            Some((name.to_owned(), [channel(0)?, channel(2)?, channel(4)?]))
        })
        .collect()
}

/// The `:root` blocks in order: light, dark, print.
fn palettes() -> Vec<Palette> {
    CSS.split(":root {").skip(1).filter_map(|rest| rest.split('}').next()).map(palette).collect()
}

fn pairs() -> Vec<(String, String)> {
    let declared =
        CSS.split("pairs:\n").nth(1).and_then(|rest| rest.split(":pairs").next()).expect("the pairs stand in the head");
    declared
        .split_whitespace()
        .map(|pair| pair.split_once('/').expect("text/background"))
        .map(|(text, ground)| (text.to_owned(), ground.to_owned()))
        .collect()
}

/// Relative luminance as WCAG defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let share = channel / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn ratio(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn black_on_white_is_twenty_one() {
    assert!((ratio([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
}

#[test]
fn every_declared_pair_can_be_read_in_both_themes_and_on_paper() {
    let palettes = palettes();
    assert_eq!(palettes.len(), 3, "light, dark and print");
    assert!(pairs().len() >= 30);
    for (theme, own) in ["light", "dark", "print"].iter().zip(&palettes) {
        for (text, ground) in pairs() {
            // Print changes some roles of the light theme and keeps the others.
            let colour = |role: &str| *own.get(role).or_else(|| palettes[0].get(role)).expect("the role is declared");
            let found = ratio(colour(&text), colour(&ground));
            assert!(found >= 4.5, "{theme}: {text} on {ground} is {found:.2}");
        }
    }
}

#[test]
fn both_themes_name_the_same_roles() {
    let palettes = palettes();
    let roles = |palette: &Palette| palette.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(roles(&palettes[0]), roles(&palettes[1]));
}

#[test]
fn no_text_colour_stands_outside_the_pairs() {
    let declared: BTreeSet<String> = pairs().into_iter().map(|(text, _)| text).collect();
    for use_of in CSS.split(" color: ").skip(1) {
        let value = use_of.split([';', '}']).next().unwrap_or_default().trim();
        if matches!(value, "inherit" | "transparent") {
            continue;
        }
        let role = value.strip_prefix("var(--").and_then(|rest| rest.strip_suffix(')'));
        assert!(role.is_some_and(|role| declared.contains(role)), "{value} is no declared text colour");
    }
}

#[test]
fn fields_and_the_focus_ring_stand_out_three_to_one() {
    // WCAG 1.4.11 and 2.4.13: the edges of controls, and the ring around what has the focus.
    for palette in &palettes()[..2] {
        for (edge, ground) in [("edge", "surface"), ("edge", "sunk"), ("accent", "paper"), ("accent", "surface")] {
            let found = ratio(palette[edge], palette[ground]);
            assert!(found >= 3.0, "{edge} on {ground} is {found:.2}");
        }
    }
}
