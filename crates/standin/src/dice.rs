//! Chance with a memory: the same seed and the same labels always roll the same numbers, on every machine.
//!
//! What must always hold: the stream of numbers of one version of this crate never changes; a stream belongs to its
//! labels (practice, household, document) and not to the order in which they are asked for, so that a practice can be
//! made alone; no floating-point function whose last bit may differ between machines is used.
//!
//! What it refuses to know: what is decided with the numbers. They are no secret, and good for nothing that must be one.

/// A stream of numbers: xoshiro256++ (Blackman and Vigna, 2019), filled by SplitMix64.
#[derive(Clone)]
pub(crate) struct Dice {
    state: [u64; 4],
}

/// One step of SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Dice {
    /// The stream of these labels under this seed.
    pub(crate) fn of(seed: u64, labels: &[u64]) -> Self {
        let mut state = seed;
        for label in labels {
            state = split_mix(&mut state) ^ label.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        Self { state: [(); 4].map(|()| split_mix(&mut state)) }
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let answer = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        answer
    }

    /// A number below `end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let wide = u128::from(self.bits()) * (end as u128);
        (wide >> 64) as usize
    }

    /// A number from `first` to `last`, both of them included; `first` when they are the wrong way round.
    pub(crate) fn between(&mut self, first: i32, last: i32) -> i32 {
        let width = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0);
        first + i32::try_from(self.below(width)).unwrap_or(0)
    }

    /// True this many times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille as usize
    }

    /// One of them. The list is never empty: lists are part of this crate and looked at by its tests.
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// One of them, by weight.
    pub(crate) fn weighted<T: Copy>(&mut self, all: &[(u32, T)]) -> T {
        let sum: u32 = all.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(sum as usize) as u32;
        for (weight, value) in all {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        all[all.len() - 1].1
    }

    /// About normal, mean 0, deviation 1, never beyond 3.5: a sum of twelve even rolls, cut.
    pub(crate) fn bell(&mut self) -> f64 {
        let sum: u32 = (0..12).map(|_| (self.bits() >> 48) as u32).sum();
        (f64::from(sum) / 65_536.0 - 6.0).clamp(-3.5, 3.5)
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_stream_is_the_one_that_it_was_when_this_was_written() {
        let mut dice = Dice::of(1, &[2, 3]);
        let first: Vec<u64> = (0..3).map(|_| dice.bits()).collect();
        assert_eq!(first, Dice::of(1, &[2, 3]).three());
        assert_ne!(first, Dice::of(1, &[3, 2]).three());
        assert_ne!(first, Dice::of(2, &[2, 3]).three());
    }

    #[test]
    fn numbers_stay_within_their_ends_and_reach_them() {
        let mut dice = Dice::of(7, &[]);
        let rolls: Vec<i32> = (0..2_000).map(|_| dice.between(-2, 2)).collect();
        assert_eq!((rolls.iter().min(), rolls.iter().max()), (Some(&-2), Some(&2)));
        assert_eq!(dice.between(5, 1), 5);
        let hits = (0..10_000).filter(|_| dice.chance(100)).count();
        assert!((850..1_150).contains(&hits), "{hits}");
    }

    impl Dice {
        fn three(mut self) -> Vec<u64> {
            (0..3).map(|_| self.bits()).collect()
        }
    }
}
