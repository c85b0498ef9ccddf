//! Opened health information, and the token without which it cannot be looked at.
//!
//! What must always hold: a [`Phi`] is made by opening a seal and by nothing else; it prints as `Phi(..)`, has no
//! `Display` and no `Serialize`, so it does not reach a log, an error or a page by accident; a [`Shown`] is made
//! by [`crate::open`] alone, once for each permit and receipt that were spent.

use std::fmt;

/// A permit and a receipt were spent in this call: what was opened may be shown to whom they name. Not Clone, not
/// Copy, not Default: it lives as long as the request that asked.
#[derive(Debug)]
#[must_use]
pub struct Shown(());

impl Shown {
    pub(crate) const fn granted() -> Self {
        Self(())
    }
}

/// Protected health information in clear. The way out is [`Phi::show`].
pub struct Phi<T>(T);

impl<T> Phi<T> {
    pub(crate) const fn opened(value: T) -> Self {
        Self(value)
    }

    /// For this crate, where bytes become text and stay PHI.
    pub(crate) fn into_inner(self) -> T {
        self.0
    }

    /// Looks at it.
    #[must_use]
    pub const fn show(&self, _: &Shown) -> &T {
        &self.0
    }

    /// Takes it out.
    #[must_use]
    pub fn into_shown(self, _: &Shown) -> T {
        self.0
    }

    /// Something made from it, which is PHI as well: JSON that was read, say.
    #[must_use]
    pub fn map<U>(self, _: &Shown, change: impl FnOnce(T) -> U) -> Phi<U> {
        Phi(change(self.0))
    }
}

impl<T, E> Phi<Result<T, E>> {
    /// The value, or the error it could not be made for. An error is no PHI: it must not quote the value.
    ///
    /// # Errors
    /// The error inside.
    pub fn transpose(self) -> Result<Phi<T>, E> {
        self.0.map(Phi)
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phi(..)")
    }
}

impl Phi<Vec<u8>> {
    /// How many bytes: a length is told to the ledger, and shows nothing.
    #[must_use]
    pub const fn len_bytes(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Phi, Shown};

    #[test]
    fn phi_does_not_print_itself_whatever_is_inside() {
        let phi = Phi::opened("Jane Roe".to_owned());
        assert_eq!(format!("{phi:?} {:?}", Some(&phi)), "Phi(..) Some(Phi(..))");
        assert_eq!(phi.show(&Shown::granted()), "Jane Roe");
    }

    #[test]
    fn what_is_made_from_phi_is_phi() {
        let shown = Shown::granted();
        let number = Phi::opened("12".to_owned()).map(&shown, |text| text.parse::<u32>());
        assert_eq!(number.transpose().unwrap().into_shown(&shown), 12);
    }
}
