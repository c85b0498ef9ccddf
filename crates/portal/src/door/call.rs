//! The name of one call: in the log lines of what happened meanwhile, in its trace, and in the header of an answer that
//! says that we failed. Random, so that it tells nobody how many calls there were.

use axum::http::HeaderValue;
use data_encoding::HEXLOWER;
use record::Entropy;
use std::fmt;

/// Where an answer carries it. Not the body: the outside probe knows every body that a stranger may get.
pub(crate) const CALL_HEADER: &str = "x-call";

/// The name of one call: 16 random bytes, as a trace's id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallName([u8; 16]);

impl CallName {
    pub(crate) fn mint(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("hexadecimal digits are a header value")
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}
