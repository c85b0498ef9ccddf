-- Why: some of a practice's patients go to another practice: who was chosen, by whose word, and what came of each. An older program does
-- not know that a joining may be of some patients only, and would move all: none works on this schema (migrations.rs).

ALTER TABLE customer_joining ADD COLUMN chosen BYTEA; -- when some patients move and not all: the SHA-256 of the list of them (docs/FORMATS.md); none = all
ALTER TABLE customer_joining ADD COLUMN authors TEXT; -- when those were chosen by who wrote about them: these people, space between
ALTER TABLE customer_joining ADD COLUMN given_documents BIGINT; -- how many documents of theirs the manager of the one was shown who said yes
ALTER TABLE customer_joining ADD COLUMN given_bytes BIGINT; -- and how many bytes
ALTER TABLE customer_joining ADD COLUMN agreed_documents BIGINT; -- how many documents the other's manager was shown
ALTER TABLE customer_joining ADD COLUMN agreed_bytes BIGINT; -- and how many bytes
ALTER TABLE customer_joining ADD COLUMN gone_documents BIGINT NOT NULL DEFAULT 0; -- how many documents have moved with some patients so far
ALTER TABLE customer_joining ADD COLUMN gone_bytes BIGINT NOT NULL DEFAULT 0; -- and how many bytes
ALTER TABLE customer_joining ADD COLUMN run BIGINT NOT NULL DEFAULT 0; -- which run of it was begun last: an earlier one that still is about changes nothing any more

-- Patients of a customer who were chosen to move to another one, and what came of each. Of the newest choice only.
CREATE TABLE split_patient (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id), -- whose they were when they were chosen
    patient_id  TEXT NOT NULL,                                   -- who; whoever has moved is another's, so this points nowhere
    listed      BIGINT NOT NULL CHECK (listed IN (0, 1)),        -- is in the list that both managers say yes to
    fate        TEXT NOT NULL CHECK (fate IN ('moves', 'moved', 'others', 'connected', 'held', 'gone', 'broken', 'stays')), -- what comes, or came, of them
    PRIMARY KEY (customer_id, patient_id),
    CHECK (listed = 1 OR fate NOT IN ('moves', 'moved'))
);

-- Splits that were carried out: whose patients, to whom, by whose word.
CREATE TABLE customer_split (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id), -- whose patients they were
    into_id     TEXT NOT NULL REFERENCES customer (customer_id), -- whose they are
    chosen      BYTEA NOT NULL,                                  -- the SHA-256 of the list
    patients    BIGINT NOT NULL,                                 -- how many have moved
    documents   BIGINT NOT NULL,                                 -- with how many documents
    bytes       BIGINT NOT NULL,                                 -- of how many bytes, all versions
    prefix      TEXT NOT NULL,                                   -- what record numbers got that both had
    prepared_by TEXT NOT NULL,                                   -- the officer who prepared it
    prepared_at BIGINT NOT NULL,                                 -- when
    given_by    TEXT NOT NULL,                                   -- the manager of the one who said yes
    given_at    BIGINT NOT NULL,                                 -- when
    agreed_by   TEXT NOT NULL,                                   -- the other's manager
    agreed_at   BIGINT NOT NULL,                                 -- when
    people      TEXT NOT NULL,                                   -- memberships that the other's manager took over, space between
    moving_at   BIGINT NOT NULL,                                 -- when it began to be carried out
    split_at    BIGINT NOT NULL,                                 -- when all of it was there, or it was ended
    ended_by    TEXT,                                            -- who ended it half way; none = all have moved who could
    PRIMARY KEY (customer_id, moving_at)
);
CREATE INDEX customer_split_into ON customer_split (into_id);

-- By what files are known that came in and have gone to another customer with some patients: whoever imports again passes them by.
CREATE TABLE gone_token (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id), -- with whom they came in
    kind        TEXT NOT NULL CHECK (kind IN ('original', 'path')), -- by their bytes, or by their place on a share
    token       BYTEA NOT NULL,                                  -- as in original_token and imported_file, under this customer's index key
    PRIMARY KEY (customer_id, kind, token)
);
