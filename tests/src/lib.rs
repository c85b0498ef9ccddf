//! The harness of the black box tests: a demo house in this process, and visitors who come over a real socket.
//!
//! What must always hold: a visitor knows nothing but what a browser knows (addresses, cookies, pages); what only
//! the house can know (its ledger, its clock) is asked of the house. Nothing here is part of the product.

pub mod binary;
pub mod ground;
pub mod grown;
pub mod house;
pub mod nodes;
pub mod passkey;
pub mod planted;
pub mod program;
pub mod share;
pub mod terminal;
pub mod visitor;
pub mod work;

pub use ground::Ground;
pub use house::{Folder, House};
pub use passkey::SoftKey;
pub use program::{Program, bare, carrying};
pub use visitor::{Answer, Ask, Visitor};
