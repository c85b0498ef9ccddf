//! Several witnesses about one text become one list.
//!
//! What must always hold: what any of them covered stays covered, but for signs and blanks at the edge of what is left over; where
//! two say different things of the same bytes, the surer one says what it is, and of two that are as sure the longer one.

use crate::phi::Finding;
use std::collections::BTreeMap;

/// Sorted, not overlapping.
///
/// Only what overlaps can disagree: findings are taken in their order, and each crowd of those that overlap is settled by itself.
/// Nearly all stand alone.
pub(super) fn agreed(text: &str, mut all: Vec<Finding>) -> Vec<Finding> {
    all.sort_by_key(|finding| finding.start);
    let mut out = Vec::with_capacity(all.len());
    let mut rest = all.as_mut_slice();
    while let Some(first) = rest.first() {
        let (mut end, mut long) = (first.end, 1);
        while let Some(next) = rest.get(long).filter(|next| next.start < end) {
            end = end.max(next.end);
            long += 1;
        }
        let (crowd, after) = rest.split_at_mut(long);
        match crowd {
            [alone] => {
                let piece = bared(text, alone.start, alone.end);
                out.extend(piece.map(|(start, end)| Finding { start, end, ..*alone }));
            }
            _ => settle(text, crowd, &mut out),
        }
        rest = after;
    }
    out
}

/// Those that overlap: what is left of each when surer and longer ones have taken theirs.
fn settle(text: &str, crowd: &mut [Finding], out: &mut Vec<Finding>) {
    crowd.sort_by_key(|finding| {
        (u8::MAX - finding.confidence.hundredths(), usize::MAX - finding.range().len(), finding.start)
    });
    let mut taken: BTreeMap<usize, Finding> = BTreeMap::new();
    let mut free = Vec::new();
    for finding in crowd {
        left_over(&taken, finding, &mut free);
        for (start, end) in free.drain(..) {
            if let Some((start, end)) = bared(text, start, end) {
                taken.insert(start, Finding { start, end, ..*finding });
            }
        }
    }
    out.extend(taken.into_values());
}

/// What of a finding nobody has taken.
fn left_over(taken: &BTreeMap<usize, Finding>, finding: &Finding, free: &mut Vec<(usize, usize)>) {
    let mut at = finding.start;
    if let Some((_, before)) = taken.range(..=finding.start).next_back() {
        at = at.max(before.end);
    }
    for (start, other) in taken.range(finding.start..finding.end) {
        if *start > at {
            free.push((at, *start));
        }
        at = at.max(other.end);
    }
    if at < finding.end {
        free.push((at, finding.end));
    }
}

/// Without blanks and signs at its ends where another finding has cut it; nothing, if there is nothing else.
fn bared(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let piece = text.get(start..end)?;
    let is_sign = |one: char| !one.is_alphanumeric();
    if piece.chars().all(is_sign) {
        return None;
    }
    // What was found whole stays as it was found: the parenthesis of a telephone number is part of it.
    let starts_cut = text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
    let front = if starts_cut { piece.len() - piece.trim_start_matches(is_sign).len() } else { 0 };
    let back = piece.len() - piece.trim_end_matches(char::is_whitespace).len();
    Some((start + front, end - back))
}

#[cfg(test)]
mod tests {
    use super::agreed;
    use crate::phi::{Confidence, Finding, Identifier};

    fn one(start: usize, end: usize, kind: Identifier, sure: u8) -> Finding {
        Finding { start, end, kind, confidence: Confidence::new(sure), rule: "test" }
    }

    #[test]
    fn the_surer_one_says_what_it_is_and_what_the_other_covered_beside_it_stays_found() {
        let text = "Dr. John Smith 555";
        let all = vec![one(4, 14, Identifier::Name, 70), one(4, 8, Identifier::Place, 90)];
        let found: Vec<_> = agreed(text, all).iter().map(|one| (one.start, one.end, one.kind)).collect();
        assert_eq!(found, [(4, 8, Identifier::Place), (9, 14, Identifier::Name)]);
    }

    #[test]
    fn crowds_are_settled_as_all_together_would_be() {
        let text = "Ann (555) 0199, 12 Elm St. ".repeat(12);
        let mut seed = 7_usize;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..200 {
            let mut all: Vec<_> = (0..next(60))
                .map(|_| {
                    let start = next(text.len() - 20);
                    one(start, start + next(20), Identifier::Name, [60, 80, 90][next(3)])
                })
                .collect();
            let found = agreed(&text, all.clone());
            let mut together = Vec::new();
            super::settle(&text, &mut all, &mut together);
            assert_eq!(found, together);
        }
    }

    #[test]
    fn of_two_that_are_as_sure_the_longer_one_wins() {
        let found = agreed("12345-678", vec![one(0, 5, Identifier::Zip, 80), one(0, 9, Identifier::Mrn, 80)]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, Identifier::Mrn);
    }

    #[test]
    fn everything_that_any_witness_covered_stays_covered() {
        let text = "abcdefghijklmnopqrstuvwxyz";
        let all: Vec<_> = (0..20).map(|at| one(at, at + 1 + at % 5, Identifier::Name, (at * 37 % 100) as u8)).collect();
        let found = agreed(text, all.clone());
        for finding in &all {
            for at in finding.range() {
                assert!(found.iter().any(|one| one.range().contains(&at)), "byte {at}");
            }
        }
        assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}
