//! Originals by what they are known by: the same bytes of one customer, when they come again.

use crate::binds::binds;
use crate::{StoreError, Tx};
use record::{CustomerId, DocumentId};

impl Tx {
    /// The newest document of this customer that has come in with this token, with the version.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn original_find(
        &mut self,
        customer: CustomerId,
        token: &[u8],
    ) -> Result<Option<(DocumentId, u32)>, StoreError> {
        let row = self
            .row(
                "SELECT document_id, version FROM original_token WHERE customer_id = $1 AND token = $2 \
                 ORDER BY document_id DESC, version DESC LIMIT 1",
                binds![customer, token.to_vec()],
            )
            .await?;
        row.map(|row| {
            let version = u32::try_from(row.int("version")?).map_err(|_| StoreError::Column { column: "version" })?;
            Ok((row.word("document_id")?, version))
        })
        .transpose()
    }

    /// Remembers what a version's original is known by.
    ///
    /// # Errors
    /// When the database cannot, or the document is another customer's.
    pub async fn original_insert(
        &mut self,
        customer: CustomerId,
        token: &[u8],
        document: DocumentId,
        version: u32,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO original_token (customer_id, token, document_id, version) VALUES ($1, $2, $3, $4)",
            binds![customer, token.to_vec(), document, i64::from(version)],
        )
        .await
        .map(|_| ())
    }
}
