-- Why: two records of one patient become one, when a message or somebody says so and a person has looked at both; and
-- each such step is taken back exactly. Messages of a sender's system are known again, and none that is older overwrites.

-- Two records of one customer that are said to be one patient's: proposed, then merged or refused, perhaps undone.
CREATE TABLE patient_merge (
    merge_id    TEXT NOT NULL PRIMARY KEY,                                             -- mrg_...
    customer_id TEXT NOT NULL,                                                         -- whose patients
    prior_id    TEXT NOT NULL,                                                         -- the record that goes into the other
    survivor_id TEXT NOT NULL,                                                         -- the record that stays
    cause       TEXT NOT NULL CHECK (cause IN ('message', 'person', 'same_name', 'same_number', 'link')), -- what speaks for it
    state       TEXT NOT NULL CHECK (state IN ('proposed', 'merged', 'refused', 'undone')),               -- where it stands
    proposed_at BIGINT NOT NULL,                                                       -- when
    proposed_by TEXT NOT NULL,                                                         -- a person or the job that read a message
    decided_at  BIGINT,                                                                -- when somebody confirmed or refused it
    decided_by  TEXT,                                                                  -- who
    undone_at   BIGINT,                                                                -- when it was taken back
    undone_by   TEXT,                                                                  -- who
    UNIQUE (customer_id, merge_id),
    CHECK (prior_id <> survivor_id),
    CHECK ((state = 'proposed') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK ((state = 'undone') = (undone_at IS NOT NULL)),
    CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    FOREIGN KEY (customer_id, prior_id) REFERENCES patient (customer_id, patient_id),
    FOREIGN KEY (customer_id, survivor_id) REFERENCES patient (customer_id, patient_id)
);
CREATE INDEX patient_merge_by_state ON patient_merge (customer_id, state, merge_id);
CREATE INDEX patient_merge_by_prior ON patient_merge (customer_id, prior_id);
CREATE INDEX patient_merge_by_survivor ON patient_merge (customer_id, survivor_id);

-- What a merge moved from the record that went to the one that stayed: taking it back moves these and nothing else.
CREATE TABLE merge_moved (
    customer_id TEXT NOT NULL,                                                         -- whose
    merge_id    TEXT NOT NULL,                                                         -- by which merge
    thing_id    TEXT NOT NULL,                                                         -- doc_... or rel_...
    PRIMARY KEY (customer_id, merge_id, thing_id),
    FOREIGN KEY (customer_id, merge_id) REFERENCES patient_merge (customer_id, merge_id)
);

-- Messages that were applied.
CREATE TABLE adt_message (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id),                       -- whose patients it is about
    token       BYTEA NOT NULL,                                                        -- HMAC-SHA-256 of sender, time and control id under the customer's index key
    content     BYTEA NOT NULL,                                                        -- the same of the whole message
    PRIMARY KEY (customer_id, token)
);

-- How new the newest message is that was applied to a patient.
CREATE TABLE adt_patient (
    customer_id TEXT NOT NULL,                                                         -- whose
    patient_id  TEXT NOT NULL,                                                         -- which
    said_at     BIGINT NOT NULL,                                                       -- when what it says happened
    PRIMARY KEY (customer_id, patient_id),
    FOREIGN KEY (customer_id, patient_id) REFERENCES patient (customer_id, patient_id)
);
