//! The ledger from outside: commits under faults, attacks on what lies at rest, receipts, hostile bytes.

#![expect(clippy::unwrap_used, reason = "what surprises a test shall fail it")]

mod attacks;
mod commits;
mod compile_fail;
mod feed;
mod formats;
mod hostile;
mod memory;
mod receipts;
