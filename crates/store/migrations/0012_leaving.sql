-- Why: a practice that leaves takes everything with it before anything of it is destroyed here: by its manager's word, with
-- counts that the practice itself confirmed, and a time in which it can still say that something is missing. And what another
-- house exported comes in once, however often taking it in is stopped and begun again.

-- A customer that leaves, and how far it is. Taken back: the row goes, the ledger keeps what was.
CREATE TABLE customer_leaving (
    customer_id     TEXT NOT NULL PRIMARY KEY REFERENCES customer (customer_id),                  -- who
    state           TEXT NOT NULL CHECK (state IN ('begun', 'exporting', 'exported', 'confirmed')), -- how far it is
    begun_by        TEXT NOT NULL,                                                                -- the manager who decided it
    begun_at        BIGINT NOT NULL,                                                              -- when
    export_id       TEXT,                                                                         -- the export that counts: the intent by which it was begun
    export_begun_at BIGINT,                                                                       -- when that was
    secret          BYTEA,                                                                        -- the export's secret under the customer's audit key, until the manager has taken it; none afterwards
    standing        TEXT,                                                                         -- counts of rows and changes when the export began: whatever changes afterwards is not in it
    exported_at     BIGINT,                                                                       -- when the export was whole
    manifest_digest BYTEA,                                                                        -- SHA-256 of its manifest
    counts          TEXT,                                                                         -- what is in it, as JSON
    secret_taken_at BIGINT,                                                                       -- when the manager took the secret
    confirmed_by    TEXT,                                                                         -- the manager who confirmed what was exported
    confirmed_at    BIGINT,                                                                       -- when
    hold_until      BIGINT,                                                                       -- nothing is destroyed before then
    CHECK ((state = 'begun') = (export_id IS NULL)),
    CHECK ((export_id IS NULL) = (standing IS NULL)),
    CHECK ((state IN ('exported', 'confirmed')) = (manifest_digest IS NOT NULL)),
    CHECK ((manifest_digest IS NULL) = (counts IS NULL)),
    CHECK ((state = 'confirmed') = (confirmed_by IS NOT NULL)),
    CHECK ((confirmed_by IS NULL) = (hold_until IS NULL))
);

-- What came in from another house's export.
CREATE TABLE taken_in (
    customer_id TEXT NOT NULL,    -- whose
    token       BYTEA NOT NULL,   -- HMAC-SHA-256 of the other house's customer and id under the customer's index key
    thing       TEXT NOT NULL,    -- what it is here: pat_..., doc_...
    PRIMARY KEY (customer_id, token)
);
