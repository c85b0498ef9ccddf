//! Randomness as a parameter. The ambient source is read in one place only.

use std::sync::Mutex;

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, by way of the cryptographic library.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes, or nothing here is safe to run");
    }
}

/// A stream that a test can replay: SHA-256 of (seed, counter). Never for keys in use.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<(u64, u64)>);

impl SeededEntropy {
    /// The same seed gives the same bytes.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            let mut block = [0_u8; 16];
            block[..8].copy_from_slice(&state.0.to_be_bytes());
            block[8..].copy_from_slice(&state.1.to_be_bytes());
            state.1 += 1;
            chunk.copy_from_slice(&crate::Sha256::of(&block).as_bytes()[..chunk.len()]);
        }
    }
}
