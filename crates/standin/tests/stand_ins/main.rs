//! Stand-ins from the outside: made once, read back with other readers than those that wrote them.

mod families;
mod fhir_r4;
mod formats;
mod growth;
mod nobody;
mod reading;
mod same_bytes;
mod spans;
