//! What becomes of candidates: sorted, none over another; the surer stays, then the longer.
//!
//! What must always hold: after every step the findings of this call are sorted and do not overlap; those that the
//! caller had before are not touched.

use crate::phi::{Confidence, Finding, Identifier};

/// Makes a finding.
pub(super) fn found(span: (usize, usize), kind: Identifier, hundredths: u8, rule: &'static str) -> Finding {
    Finding { start: span.0, end: span.1, kind, confidence: Confidence::new(hundredths), rule }
}

/// Is the one better than the other: surer, then longer.
pub(super) fn is_better(one: &Finding, other: &Finding) -> bool {
    let rank = |finding: &Finding| (finding.confidence, finding.end - finding.start);
    rank(one) > rank(other)
}

/// The better of a candidate and what was found before.
pub(super) fn prefer(best: &mut Option<Finding>, candidate: Option<Finding>) {
    if let Some(candidate) = candidate
        && best.as_ref().is_none_or(|best| is_better(&candidate, best))
    {
        *best = Some(candidate);
    }
}

/// Findings of one call.
pub(super) struct Sift<'a> {
    out: &'a mut Vec<Finding>,
    base: usize,
    /// Added to every place: where the view begins in the whole text.
    offset: usize,
    /// Findings that begin before this place in the whole text belong to what was searched before.
    from: usize,
    /// Findings that begin here or later belong to what is searched next.
    to: usize,
}

impl<'a> Sift<'a> {
    /// Findings are appended to `out`, moved by `offset`, if they begin in `from..to`.
    pub(super) fn new(out: &'a mut Vec<Finding>, base: usize, offset: usize, range: (usize, usize)) -> Self {
        Self { out, base, offset, from: range.0, to: range.1 }
    }

    /// Takes a candidate.
    pub(super) fn push(&mut self, mut finding: Finding) {
        finding.start += self.offset;
        finding.end += self.offset;
        if finding.end <= finding.start || finding.start < self.from || finding.start >= self.to {
            return;
        }
        let mut after = self.out.len();
        while after > self.base && self.out[after - 1].start >= finding.end {
            after -= 1;
        }
        let mut first = after;
        while first > self.base && self.out[first - 1].end > finding.start {
            first -= 1;
        }
        let overlapped = &self.out[first..after];
        // What was decided in the part before stays, however sure the newcomer.
        let settled = overlapped.iter().any(|other| other.start < self.from);
        if !settled && overlapped.iter().all(|other| is_better(&finding, other)) {
            self.out.splice(first..after, [finding]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sift, found};
    use crate::phi::Identifier;

    #[test]
    fn the_surer_stays_then_the_longer_and_all_is_sorted() {
        let mut out = Vec::new();
        let mut sift = Sift::new(&mut out, 0, 100, (100, 200));
        for (start, end, sure) in [(10, 20, 50), (15, 30, 60), (40, 50, 50), (40, 45, 50), (31, 33, 10), (0, 99, 5)] {
            sift.push(found((start, end), Identifier::Phone, sure, "test"));
        }
        let spans: Vec<_> = out.iter().map(|finding| (finding.start, finding.end)).collect();
        assert_eq!(spans, [(115, 130), (131, 133), (140, 150)]);
    }

    #[test]
    fn what_begins_outside_of_the_part_is_left_to_others() {
        let mut out = Vec::new();
        let mut sift = Sift::new(&mut out, 0, 0, (10, 20));
        for start in [9, 10, 19, 20] {
            sift.push(found((start, start + 1), Identifier::Phone, 50, "test"));
        }
        assert_eq!(out.len(), 2);
    }
}
