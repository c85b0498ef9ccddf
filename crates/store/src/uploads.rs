//! Uploads on their way in. The row comes first; the sweeper flips it before it removes anything; commit
//! requires it open. So a slow upload is never swept away just before it is acknowledged.

use crate::binds::binds;
use crate::{Store, StoreError, Tx};
use record::{CustomerId, ObjectId, Principal, Timestamp, UploadId};

/// One upload.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// For whom.
    pub customer: CustomerId,
    /// By whom.
    pub person: Principal,
    /// Which objects it writes.
    pub objects: Vec<ObjectId>,
    /// When it began.
    pub started_at: Timestamp,
}

impl Store {
    /// Uploads that were not committed and gave no sign of life since `before`: open ones, and those that an earlier
    /// sweep took and did not finish with.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn upload_list_stale(&self, before: Timestamp) -> Result<Vec<Upload>, StoreError> {
        let rows = self
            .rows(
                "list stale uploads",
                "SELECT upload_id, customer_id, person_id, objects, started_at FROM upload WHERE state <> 'committed' AND moved_at < $1",
                binds![before],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Upload {
                    id: row.word("upload_id")?,
                    customer: row.word("customer_id")?,
                    person: row.word("person_id")?,
                    // A name that cannot be read is an error: forgetting the upload would leave its object behind.
                    objects: row
                        .text("objects")?
                        .split_whitespace()
                        .map(|text| text.parse().map_err(|_| StoreError::Column { column: "objects" }))
                        .collect::<Result<_, _>>()?,
                    started_at: row.at("started_at")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// An upload begins.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn upload_insert(&mut self, new: &Upload) -> Result<(), StoreError> {
        let objects: Vec<String> = new.objects.iter().map(ToString::to_string).collect();
        self.run(
            "INSERT INTO upload (upload_id, customer_id, person_id, objects, state, started_at, moved_at) VALUES ($1, $2, $3, $4, 'open', $5, $5)",
            binds![new.id, new.customer, new.person.to_string(), objects.join(" "), new.started_at],
        )
        .await
        .map(|_| ())
    }

    /// A sign of life; 0 when the sweeper has taken it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn upload_touch(&mut self, id: UploadId, at: Timestamp) -> Result<u64, StoreError> {
        self.run("UPDATE upload SET moved_at = $2 WHERE upload_id = $1 AND state = 'open'", binds![id, at]).await
    }

    /// Closes an upload as committed; 0 when the sweeper has taken it: then nothing may be acknowledged.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn upload_commit(&mut self, id: UploadId, at: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE upload SET state = 'committed', moved_at = $2 WHERE upload_id = $1 AND state = 'open'",
            binds![id, at],
        )
        .await
    }

    /// The sweeper takes an upload that gave no sign of life; 0 when it did after all.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn upload_abandon(&mut self, id: UploadId, before: Timestamp) -> Result<u64, StoreError> {
        self.run(
            "UPDATE upload SET state = 'abandoned' WHERE upload_id = $1 AND state <> 'committed' AND moved_at < $2",
            binds![id, before],
        )
        .await
    }

    /// Forgets an abandoned upload, its objects being gone.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn upload_forget(&mut self, id: UploadId) -> Result<u64, StoreError> {
        self.run("DELETE FROM upload WHERE upload_id = $1 AND state = 'abandoned'", binds![id]).await
    }
}
