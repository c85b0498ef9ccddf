-- Why: an import of a whole share that was stopped goes on where it was, says of each file whether it came in already, and
-- notices another file under a path that it knows.

-- Which file of a share came in as which document.
CREATE TABLE imported_file (
    customer_id TEXT NOT NULL,    -- whose
    token       BYTEA NOT NULL,   -- HMAC-SHA-256 of the path below the share under the customer's index key
    document_id TEXT NOT NULL,    -- the document it came in as
    PRIMARY KEY (customer_id, token),
    FOREIGN KEY (customer_id, document_id) REFERENCES document (customer_id, document_id)
);
