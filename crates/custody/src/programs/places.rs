//! Places in a list: where a program's next request goes on.
//!
//! What must always hold: a place is worth something to the program that it was given to, at its customer, in the list that
//! it was given for, and to nobody else.

use super::ProgramIn;
use crate::{Custody, CustodyError};
use data_encoding::BASE64URL_NOPAD;

/// Which list a place is in.
#[derive(Debug, Clone, Copy)]
pub(super) enum PlaceIn {
    /// Documents in the order of their arrival.
    Documents,
    /// Entries that concern the customer.
    Trail,
}

const MAC_BYTES: usize = 32;

impl PlaceIn {
    const fn purpose(self) -> &'static str {
        match self {
            Self::Documents => "program-place",
            Self::Trail => "program-trail-place",
        }
    }

    fn mac(self, custody: &Custody, program: &ProgramIn, place: &[u8]) -> [u8; MAC_BYTES] {
        let said = format!("{}:{}:{}", program.program, program.customer, BASE64URL_NOPAD.encode(place));
        custody.ring().directory_blind(self.purpose(), &said)
    }

    /// The place as text: itself and what vouches for it.
    pub(super) fn write(self, custody: &Custody, program: &ProgramIn, place: &[u8]) -> String {
        let mut bytes = place.to_vec();
        bytes.extend(self.mac(custody, program, place));
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The same, read; of `N` bytes.
    pub(super) fn read<const N: usize>(
        self,
        custody: &Custody,
        program: &ProgramIn,
        text: &str,
    ) -> Result<[u8; N], CustodyError> {
        const SAY: &str = "Give a place as it was given to this program, or none";
        let wrong = || CustodyError::field("since", SAY);
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong())?;
        let (place, mac) = bytes.split_first_chunk::<N>().ok_or_else(wrong)?;
        if crate::secret::same(mac, &self.mac(custody, program, place)) { Ok(*place) } else { Err(wrong()) }
    }
}
