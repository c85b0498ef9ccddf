//! A house with people, two customers and documents in it, for tests of what happens to a house as a whole.

use crate::testing::{House, Someone, TempDir, house_with};
use crate::{
    Approved, BackupSettings, Custody, Desk, NewUpload, PatientBody, Settings, ShredDecided, ShredOrder, ShredSeen,
    Shredded, UploadCut,
};
use bytes::Bytes;
use record::civil::Day;
use record::{CustomerId, DocumentId, Role, SeededEntropy, act};
use std::path::PathBuf;
use vault::{KeyError, KeyRing, KeyRows, RootKey};

/// Words that must be nowhere in clear.
pub(crate) const PLANTED_TEXT: &str = "Zaphrentis murmur heard at the left border";
pub(crate) const PLANTED_NAME: &str = "Quillfeather";

pub(crate) struct Filled {
    pub(crate) house: House,
    pub(crate) first: Someone,
    pub(crate) second: Someone,
    pub(crate) typist: Someone,
    /// The clinic's own.
    pub(crate) manager: Someone,
    pub(crate) records: Someone,
    pub(crate) clinic: CustomerId,
    pub(crate) other: CustomerId,
    pub(crate) documents: Vec<DocumentId>,
    /// Of the other customer.
    pub(crate) foreign: DocumentId,
    /// Another volume, as it were.
    pub(crate) outside: TempDir,
}

/// The root key that [`house_with`] makes first from its seed.
pub(crate) fn root() -> RootKey {
    RootKey::generate(&SeededEntropy::new(7))
}

pub(crate) async fn filled() -> Filled {
    filled_with(|_| ()).await
}

pub(crate) async fn filled_with(change: impl FnOnce(&mut Settings)) -> Filled {
    let house = house_with(|settings| {
        settings.retention_days = 0;
        change(settings);
    });
    fill(house.await).await
}

/// People and documents in a house that has just begun.
pub(crate) async fn fill(house: House) -> Filled {
    let outside = TempDir::new();
    std::fs::create_dir_all(outside.path()).unwrap();
    let (first, second) = house.two_officers().await;
    let clinic = house.customer(&first, "Lakeside Pediatrics").await;
    let other = house.customer(&first, "Hill Cardiology").await;
    let typist = house.staff(&first, Role::Transcriptionist, "Tessa Typist").await;
    for customer in [clinic, other] {
        house.desk::<act::AssignmentGrant>(&first).await.assignment_grant(customer, typist.person).await.unwrap();
    }
    let manager = house.manager((&first, &second), clinic, "Mona Manager").await;
    let records = house.member(&manager, clinic, Role::RecordsStaff, "Rita Records").await;
    let body = PatientBody {
        last: PLANTED_NAME.to_owned(),
        first: "Nora".to_owned(),
        born: Some(Day::new(2016, 5, 4).unwrap()),
        record_number: "LP-778812".to_owned(),
        ..PatientBody::default()
    };
    house.desk::<act::PatientCreate>(&records).await.patient_create(clinic, &body).await.unwrap();
    let mut documents = Vec::new();
    for number in 0..3 {
        documents.push(upload(&house, &typist, clinic, number).await);
    }
    let foreign = upload(&house, &typist, other, 9).await;
    let filled = Filled { house, first, second, typist, manager, records, clinic, other, documents, foreign, outside };
    if filled.custody().store().is_on_server() {
        filled.escrow_named().await;
    }
    filled
}

pub(crate) async fn upload(house: &House, by: &Someone, customer: CustomerId, number: u32) -> DocumentId {
    let text = format!("Patient: {PLANTED_NAME}, Nora\nNote {number}. {PLANTED_TEXT}.\n");
    let new = NewUpload {
        customer: Some(customer),
        file_name: format!("{PLANTED_NAME}-{number}.txt"),
        ..NewUpload::default()
    };
    let bytes = futures_util::stream::iter([Ok::<Bytes, UploadCut>(Bytes::from(text))]);
    let desk = house.desk::<act::DocumentUpload>(by).await;
    desk.document_upload(new, bytes).await.unwrap_or_else(|error| panic!("uploading: {error:?}")).id
}

impl Filled {
    pub(crate) fn custody(&self) -> &Custody {
        &self.house.custody
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.custody().store().dir().to_owned()
    }

    pub(crate) fn escrow(&self) -> PathBuf {
        self.outside.path().join("escrow")
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.outside.path().join("backup")
    }

    pub(crate) fn backup(&self) -> BackupSettings {
        BackupSettings { to: self.target(), epoch_escrow: Some(self.escrow()) }
    }

    /// The escrow lies outside and holds the newest epoch: by a backup, or on a database server by a new epoch.
    pub(crate) async fn escrow_kept(&self) {
        if self.custody().store().is_on_server() {
            self.custody().key_rekey(&root(), None, Some(&self.escrow())).await.unwrap();
        } else {
            self.custody().backup_create(&self.backup()).await.unwrap();
        }
    }

    /// The escrow lies outside and is known, as on a server it has to be before anything is destroyed there.
    async fn escrow_named(&self) {
        let custody = self.custody();
        crate::backup::escrow::begin(&self.escrow(), &custody.program().to_string(), custody.now()).unwrap();
        let mut tx = custody.store().begin("name the escrow").await.unwrap();
        tx.meta_set(crate::keys::EPOCH_ESCROW, self.escrow().to_str().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(custody.escrow_write().await.unwrap());
    }

    /// The ring of these rows under this root key, with the halves that lie where they should.
    pub(crate) async fn unlocked(&self, root: &RootKey, rows: &KeyRows) -> Result<KeyRing, KeyError> {
        let halves = self.custody().store().halves_of(rows).await.unwrap();
        KeyRing::unlock_halved(root, rows, &halves)
    }

    /// What has to be gone when the newest epoch is: on the embedded engine its row, on a server its half.
    pub(crate) async fn epoch_bytes(&self) -> Vec<u8> {
        let store = self.custody().store();
        let rows = store.key_rows().await.unwrap();
        match store.halves_of(&rows).await.unwrap().first() {
            Some(half) => half.sealed.to_bytes(),
            None => rows.epochs.last().unwrap().wrapped.as_ref().unwrap().to_bytes(),
        }
    }

    /// The clinic has left: no agreement of theirs is in force.
    pub(crate) async fn left(&self) {
        self.house.step_up(&self.first).await.unwrap();
        for one in self.custody().store().agreement_list(self.clinic).await.unwrap() {
            let desk = self.house.desk::<act::AgreementEnd>(&self.first).await;
            desk.agreement_end(self.clinic, one.id).await.unwrap();
        }
    }

    pub(crate) fn order(&self) -> ShredOrder {
        ShredOrder {
            customer: self.clinic,
            name: "Lakeside Pediatrics".to_owned(),
            reason: "The customer has left and has everything.".to_owned(),
            copies_expire_on: None,
        }
    }

    /// The clinic has left and one officer has asked.
    pub(crate) async fn asked(&self) {
        self.left().await;
        self.house.desk::<act::KeyShredAsk>(&self.first).await.key_shred_ask(&self.order()).await.unwrap();
    }

    /// What the second officer decides.
    pub(crate) fn decided(&self) -> ShredDecided {
        ShredDecided { customer: self.clinic, what: ShredSeen::Name(self.order().name) }
    }

    /// And another one has done it.
    pub(crate) async fn shredded(&self) -> Shredded {
        self.asked().await;
        self.house.step_up(&self.second).await.unwrap();
        let desk = self.house.desk::<act::KeyShred>(&self.second).await;
        match desk.key_shred_approve(&self.decided(), Some(root())).await.unwrap() {
            Approved::Shredded(done) => done,
            Approved::NeedsRootKey => panic!("the root key was given"),
        }
    }

    /// Does the typist get the text of a document.
    pub(crate) async fn reads(&self, id: DocumentId) -> bool {
        reads(self.custody(), &self.typist, id).await
    }

    /// Signs and keeps the head as it is now.
    pub(crate) async fn signed(&self) -> String {
        let (size, note) = self.custody().checkpoint_signed().await.unwrap();
        self.custody().checkpoint_keep(size, &note).await.unwrap();
        note
    }
}

pub(crate) async fn reads(custody: &Custody, typist: &Someone, id: DocumentId) -> bool {
    let signed_in = custody.session_resolve(&typist.secret).await.unwrap();
    let desk = Desk::<act::DocumentRead>::at(custody.clone(), signed_in);
    desk.document_read(id, None).await.is_ok()
}

/// Every file under a folder, with its bytes.
pub(crate) fn files(folder: &std::path::Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found
}

pub(crate) fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
