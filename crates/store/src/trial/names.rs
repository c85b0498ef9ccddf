//! Names of the made-up city, shared by whoever lays it out and whoever searches it.

/// A made-up word for a rank: syllables, so that sounds and prefixes are shared as in real names.
#[must_use]
pub fn name(rank: usize, kind: &str) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ke", "lo", "mi", "tu", "sar", "den", "vo", "ri", "han", "pel", "gor", "wi", "nast", "fe", "zu"];
    let mut word = String::new();
    let mut left = rank + 16;
    while left > 0 {
        word.push_str(SYLLABLES[left % 16]);
        left /= 16;
    }
    format!("{word}{kind}")
}
