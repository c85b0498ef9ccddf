-- Why: row-level security and sharding need the customer in every row of a customer. A version and a place in an inbox
-- were a customer's only by way of their document.

-- One version. Append-only.
CREATE TABLE document_version_with_customer (
    customer_id     TEXT NOT NULL,                                    -- whose
    document_id     TEXT NOT NULL,                                    -- of which
    version         BIGINT NOT NULL CHECK (version >= 1),             -- counts up from 1
    media           TEXT NOT NULL,                                    -- what the bytes are, found by looking at them
    file_name       BYTEA NOT NULL,                                   -- sealed: what the uploader called it
    original_object TEXT NOT NULL,                                    -- obj_..., the file as it came
    original_key    BYTEA NOT NULL,                                   -- its key, wrapped
    original_bytes  BIGINT NOT NULL CHECK (original_bytes >= 0),      -- size of the plaintext
    original_digest BYTEA NOT NULL,                                   -- SHA-256 of the ciphertext
    text_object     TEXT,                                             -- obj_..., the text found in it
    text_key        BYTEA,                                            -- its key, wrapped
    opaque          TEXT,                                             -- why there is no text, in fixed words
    scan            TEXT NOT NULL CHECK (scan IN ('not_scanned', 'clean')), -- what the malware scanner said
    made_at         BIGINT NOT NULL,                                  -- when
    made_by         TEXT NOT NULL,                                    -- by whom
    PRIMARY KEY (document_id, version),
    FOREIGN KEY (customer_id, document_id) REFERENCES document (customer_id, document_id)
);
INSERT INTO document_version_with_customer
    SELECT document.customer_id, document_version.document_id, version, media, file_name, original_object, original_key,
           original_bytes, original_digest, text_object, text_key, opaque, scan, made_at, made_by
        FROM document_version JOIN document ON document.document_id = document_version.document_id;
DROP TABLE document_version;
ALTER TABLE document_version_with_customer RENAME TO document_version;
CREATE INDEX document_version_by_customer ON document_version (customer_id, document_id, version);

-- In whose inbox a document lies.
CREATE TABLE recipient_with_customer (
    customer_id TEXT NOT NULL,                                           -- whose document
    document_id TEXT NOT NULL,                                           -- which
    person_id   TEXT NOT NULL REFERENCES person (person_id),             -- whose inbox
    why         TEXT NOT NULL CHECK (why IN ('author', 'copy')),         -- as author, or as a copy
    read_at     BIGINT,                                                  -- first opened by this person
    PRIMARY KEY (document_id, person_id),
    FOREIGN KEY (customer_id, document_id) REFERENCES document (customer_id, document_id)
);
INSERT INTO recipient_with_customer
    SELECT document.customer_id, recipient.document_id, person_id, why, read_at
        FROM recipient JOIN document ON document.document_id = recipient.document_id;
DROP TABLE recipient;
ALTER TABLE recipient_with_customer RENAME TO recipient;
CREATE INDEX recipient_by_person ON recipient (person_id, document_id);
CREATE INDEX recipient_unread ON recipient (person_id, document_id) WHERE read_at IS NULL;
