//! What we do: receive, deliver, take back, contain, answer.
//!
//! Each use case states an intent, gathers the facts, asks policy, has the ledger witness the answer, and
//! only then opens or changes anything. What must always hold: no way around `Desk::ask` to anything that is
//! sealed; a refusal and an absence look alike from outside; nothing acknowledged is lost; no PHI in an error,
//! a log line or an alert.
//!
//! What it refuses to know: HTTP, SQL, and the law.

mod accesses;
mod alerts;
mod ask;
mod backup;
mod breaking;
mod certificate;
mod confidentiality;
mod customers;
mod demo;
mod desk;
mod directory;
mod doctor;
mod documents;
mod enrol;
mod error;
mod feed;
pub mod fhir;
mod filing;
#[cfg(test)]
mod filled;
mod gate;
mod health;
mod house;
#[cfg(test)]
mod in_bucket;
mod jobs;
mod joining;
mod keys;
mod leaving;
mod ledger_desk;
mod manifest;
mod merges;
mod metrics;
#[cfg(test)]
#[path = "../../../fuzz/src/mutations.rs"]
mod mutations;
mod nodes;
mod passkeys;
mod patients;
mod people;
mod programs;
mod reading;
mod related;
mod requests;
mod reserve;
mod scribe;
mod secret;
mod sessions;
mod settings;
mod signing_in;
mod terminals;
#[cfg(test)]
mod testing;
mod trace;
mod upload;
mod whose;
mod witness;
mod words;

pub use accesses::{AccessLine, Accesses, NamedPatients};
pub use alerts::{AlertClosed, AlertLine, Alerts};
pub use ask::Granted;
pub use backup::{
    BackupError, BackupReport, BackupSettings, BackupVerified, DrillOrder, DrillReport, RestoreOrder, RestoreReport,
    backup_verify, restore,
};
pub use breaking::{GlassLine, GlassLines};
pub use certificate::{AcmeKept, AcmeTaken, AcmeTurn, CLOCKS_DIFFER_SECS, CertificateSpan};
pub use confidentiality::{Restricts, RestrictsView};
pub use customers::{
    AgreementLine, AgreementStanding, AtEnd, CustomerLine, CustomerLines, CustomerView, NewAgreement, NoticesBy,
};
pub use demo::{DemoNote, DemoPatient, DemoPerson, DemoPractice, DemoProgram};
pub use desk::{Desk, HouseView, SignedIn};
pub use doctor::{Check, Examined, doctor, doctor_bucket, doctor_certificate};
pub use documents::{DocumentLine, DocumentLines, DocumentSearch, DocumentView, DocumentsFound, PAGE_ROWS, StatusLine};
pub use enrol::{AddStarted, EnrolStarted, Enrolled, PasskeyLine, Recovering};
pub use error::{CustodyError, FieldError};
pub use feed::{FeedPlan, FeedSink, FeedWanted, FeedWritten};
pub use filing::{CouldBe, NamesOthers, REASON_CHARS_MAX};
pub use gate::{ProbeLine, is_restore_reason};
pub use health::{Health, HealthLine, Verdict};
pub use house::{Custody, MoveOrder, OpenHouse, database_move, objects_carry, open_node, open_store, server_migrate};
pub use identify::HealthData;
pub use identify::resolve::{Agreement, Agreements, Slip};
pub use jobs::JobsHandle;
pub use joining::{
    JoinSeen, JoinTo, JoinYes, JoiningMoved, JoiningPage, JoiningPerson, JoiningSide, JoiningStep, JoiningView,
    LinesTold, SplitBy, SplitLine, SplitLines, SplitPrepared, SplitSeen, SplitTo, TakenBack, split_numbers_read,
};
pub use keys::{
    Approved, EscrowChange, KeyRotated, KeysRecovered, Progress, Rekeyed, ShredDecided, ShredOrder, ShredSeen,
    ShredStanding, ShredView, Shredded, keys_recover,
};
pub use leaving::{
    ExportOpen, ExportOpened, ExportSecret, HistoryVerified, LeavingCounts, LeavingError, LeavingExport,
    LeavingMeasure, LeavingView, PracticeExport, digest_read, export_open, history_verify, is_history,
};
pub use ledger::{Format as FeedFormat, SignedCheckpoint, TilePath, Verifier};
pub use ledger_desk::{
    CheckpointLine, Checkpoints, EntryLine, LedgerExport, LedgerFilter, LedgerPage, LedgerProof, LedgerReport,
    VerifyFailed, ledger_key_of, verify_dir, verify_file,
};
pub use manifest::{Doubt, Holds, VersionBody};
pub use merges::{MergeDesk, MergeLine, MergeLines, MergeLook, MergeSide, Undone};
pub use metrics::{AgreementTally, Answered, DoneLast, Durations, JobLine, JobTally, Metrics};
pub use nodes::{NodeHandle, SharedCounts, Unsaid, share_of};
pub use patients::{ImportReport, PatientLine, PatientLines, PatientPage};
pub use people::{
    Confirmed, FirstDay, InvitationLine, Invited, People, PeopleLine, PeopleReject, PersonLine, RoleLine, people_read,
};
pub use programs::{
    DocumentFed, DocumentSheet, Feed, FetchKeys, FetchKeysError, Fetching, KEY_OVERLAP_HOURS_MAX, KeyChange,
    NewProgram, NewestVersion, PROGRAM_DAYS_MAX, PersonNamed, ProgramIn, ProgramKeys, ProgramLine, ProgramStanding,
    Programs, TOKEN_SECS, TokenAsked, TokenGiven, TokenRefused, Trail, TrailAsked, UploadedOnce,
};
pub use reading::{DocumentText, Download, Fetched, HistoryLine, OpenDocument, Span, VersionLine, Wanted};
pub use related::{RelatedForm, RelatedLine};
pub use requests::RequestLine;
pub use settings::{BackupPlan, IDLE_MINUTES, INVITATION_HOURS, SESSION_HOURS, Settings, UNDO_MINUTES, WitnessSink};
pub use signing_in::{Device, PlaceLine, SignInStarted, SignedInNow, WhoAmI};
/// A store for the tests of whoever stands above: in a folder, or on the servers that the environment names.
#[cfg(feature = "trial")]
pub use store::trial::{bucket_at as trial_bucket, bucket_server as trial_bucket_server, open as trial_store};
pub use store::{
    BucketOptions, BucketPlace, Counted, JoiningState, LeavingState, ObjectsCarried, Server, Shared, Spent, SplitFate,
    SplitMuch, Visit,
};
pub use terminals::{TerminalAsked, TerminalLine, TerminalSession};
pub use trace::{Trace, TraceDocument, TraceForm, TraceLine};
pub use upload::{
    ArrivesAs, ImportMap, ImportMode, ImportReject, ImportRule, ImportTally, ImportType, MapError, NewUpload,
    Otherwise, SameBytes, SameFile, SameNames, ShareImport, ShareOrder, TakeIn, TakeInOrder, TakeInTally, UploadCut,
    UploadPlace, Uploaded,
};
pub use vault::ShredCertificate;
pub use vault::{PassphraseParams, Phi, RootKey, Shown};
pub use whose::{Fit, MatchDesk, MatchTo, Proposal};
pub use witness::{CustomerCheckpoint, checkpoints_read};
pub use words::{
    CameFrom, CameVersion, ContactBody, DirectoryBody, DocumentBody, OpenedDocument, OpenedPatient, OpenedRelated,
    OpenedVersion, PatientBody, RelatedBody, Witnessed,
};
