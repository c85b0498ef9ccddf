//! Tables in Markdown, and the page between whose markers they stand.

use super::Section;
use super::rounds::{Row, Spread};
use std::fmt::Write as _;

/// The page before anything was measured.
pub(super) const EMPTY_PAGE: &str = "# Performance\n\nMeasured by `cargo xtask bench`; limit, peer and we take turns within one run, the median counts.\n";

/// One line for each row: limit, peer, we, and the two ratios.
pub(super) fn table(rows: &[Row]) -> String {
    let mut out =
        String::from("| what | unit | limit | peer | we | we ÷ limit | we ÷ peer |\n|---|---|---|---|---|---|---|\n");
    for row in rows {
        let [limit, peer, we] = row.sides.each_ref().map(|side| cell(side.as_ref()));
        let (of_limit, of_peer) = (share(row.of_limit), share(row.of_peer));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| {} | {} | {limit} | {peer} | {we} | {of_limit} | {of_peer} |", row.name, row.unit);
    }
    out
}

fn cell(side: Option<&Spread>) -> String {
    let Some(side) = side else { return "–".to_owned() };
    let who = if side.who.is_empty() { String::new() } else { format!("{}: ", side.who) };
    format!("{who}**{}** ({}–{})", short(side.median), short(side.lowest), short(side.highest))
}

fn share(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// Three digits that say something.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The page with one section replaced, or added at its end.
pub(super) fn replace(page: &str, section: &Section, machine: &str) -> String {
    let (open, close) = (format!("<!-- bench:{} -->", section.name), format!("<!-- /bench:{} -->", section.name));
    let inner = format!("{open}\n{}\n\n{machine}\n{close}", section.body.trim_end());
    if let (Some(from), Some(to)) = (page.find(&open), page.find(&close))
        && from < to
    {
        return format!("{}{inner}{}", &page[..from], &page[to + close.len()..]);
    }
    format!("{}\n\n## {}\n\n{inner}\n", page.trim_end(), section.heading)
}

#[cfg(test)]
mod tests {
    use super::{EMPTY_PAGE, replace, table};
    use crate::bench::Section;
    use crate::bench::rounds::{Row, Spread};

    #[test]
    fn a_second_run_replaces_the_first_and_leaves_the_rest() {
        let section = |body: &str| Section { name: "disk", heading: "Disk", body: body.to_owned() };
        let first = replace(EMPTY_PAGE, &section("17 writes"), "m");
        let with_words = format!("{first}\nTarget: fast.\n");
        let second = replace(&with_words, &section("23 writes"), "m");
        assert!(second.contains("23 writes") && !second.contains("17 writes"));
        assert!(second.contains("Target: fast.") && second.starts_with("# Performance"));
        assert_eq!(second.matches("## Disk").count(), 1);
    }

    #[test]
    fn a_side_that_was_not_measured_is_a_dash() {
        let we = Spread { who: String::new(), median: 9.0, lowest: 8.0, highest: 10.0 };
        let row = Row {
            name: "seal".into(),
            unit: "GB/s".into(),
            sides: [None, None, Some(we)],
            of_limit: Some(0.9),
            of_peer: None,
        };
        assert!(table(&[row]).ends_with("| seal | GB/s | – | – | **9.00** (8.00–10.0) | 0.90 | – |\n"));
    }
}
