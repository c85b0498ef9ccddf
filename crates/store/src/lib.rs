//! Where it lies: the only room with SQL and object storage.
//!
//! What must always hold: every SQL text is one text for all engines (`$1`, RETURNING, ON CONFLICT), what
//! must differ stands in `dialect.rs`; a missing or surplus bind is an error and never a silent NULL; every
//! question about a customer's things carries the customer; objects are created once and never overwritten;
//! what is acknowledged is on the disk.
//!
//! What it refuses to know: who may do what, and what the sealed bytes say.

// The made-up worlds of the policy's tests are used here as well, and they call it by its full name.
#[cfg(test)]
extern crate policy as strongroom_policy;

mod alerts;
mod arrivals;
mod arriving;
mod arriving_charts;
mod arriving_numbers;
mod backup_rows;
mod binds;
mod breakglass;
mod carrying;
mod customers;
mod database;
mod dialect;
mod document_list;
mod documents;
mod engine;
mod error;
mod halves;
mod house;
mod incoming;
mod joining;
mod kept;
mod keys;
mod lanes;
mod leaving;
mod ledger_log;
mod ledger_walk;
mod merges;
mod migrations;
mod moving;
mod nodes;
mod objects;
mod originals;
mod patients;
mod people;
mod programs;
mod related;
mod repeated;
mod requests;
mod reserve;
mod scope;
mod server;
mod sessions;
mod share;
mod shreds;
mod splitting;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "trial"))]
pub mod trial;
mod uploads;
mod walls;

pub use alerts::Alert;
pub use arrivals::{Arrived, ArrivedFilter};
pub use arriving::{Arriving, ArrivingAt, Token};
pub use backup_rows::{DatabaseCopy, EntryColumns, SealedColumn, SealedRow, VersionObjects};
pub use breakglass::BreakGlass;
pub use carrying::ObjectsCarried;
pub use customers::{Agreement, Customer};
pub use database::{OBJECTS_AT, Store, StoreOptions, Tx};
pub use document_list::DocumentFilter;
pub use documents::{Document, DocumentVersion, Page, Recipient};
pub use error::StoreError;
pub use house::{HouseCheck, HouseCheckKind, WitnessRun};
pub use incoming::{IncomingDocument, IncomingKnown};
pub use joining::{Joining, JoiningCounts, JoiningState, SplitMuch};
pub use kept::KeptPage;
pub use keys::EPOCH_DUE;

pub use leaving::{Leaving, LeavingState};
pub use ledger_log::{EntryFilter, LedgerLog, StoredEntry};
pub use ledger_walk::{Passed, Walk};
pub use merges::{MovedBack, PatientMerge};
pub use moving::TableMoved;
pub use nodes::{Counted, GATE_CLOSED, Heard, LEASE, PULSE, Pulse, SPENT_MOST, ServerClock, Shared, Spent, Visit};
pub use objects::{BucketFault, BucketOptions, BucketPlace, BucketSeen, ObjectReader, ObjectWriter, Objects, Pieces};
pub use patients::{Patient, PatientMatch};
pub use people::{Assignment, Credential, Invitation, Membership, Person, PersonState};
pub use programs::{KeptAnswer, KeysEnded, Program, ProgramKey, ProgramToken};
pub use related::RelatedPerson;
pub use requests::Request;
pub use reserve::{
    RESERVE_FILE, RESERVE_RECORD_BYTES_MAX, Reserve, ReserveClass, ReserveContents, ReserveFound, Reserved,
    reserve_slot_decode,
};
pub use server::Server;
pub use sessions::{Ceremony, SessionRow};
pub use share::{Share, ShareError, ShareFile, ShareListing};
pub use shreds::{KeyShred, KeyShredState};
pub use splitting::{Split, SplitCharts, SplitFate, SplitPatient, SplitStand, SplitTie, SplitTied, SplitWritten};
pub use uploads::Upload;
