//! Administration: the same orders through the running server's socket, or, with no server, with the root key in hand.
//!
//! What must always hold: an order is done by a person who confirmed it in the portal, or by the system's own job when
//! no server runs; both pass policy and are in the ledger; the socket is for the same user of this machine only, and
//! whoever connects to it is nobody until somebody has confirmed.

mod client;
mod joining;
mod leaving;
mod order;
mod perform;
mod programs;
mod progress;
mod server;
mod share;
mod show;
mod splitting;
mod wire;

pub(crate) use client::{ask, carry_out, carry_out_with};
pub(crate) use order::Order;
pub(crate) use server::AdminServer;
pub(crate) use share::map_of;
pub(crate) use show::lines;

/// The socket's name in the data folder.
const SOCKET: &str = "admin.sock";
