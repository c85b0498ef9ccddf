//! The server: sockets, TLS, and patience with limits.
//!
//! What must always hold: no plain http beyond loopback; whoever sends or reads too slowly is cut off; a
//! shutdown lets what is under way end, within a time.

pub(crate) mod pace;
pub mod tls;
