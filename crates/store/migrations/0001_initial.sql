-- Why: the tables of the first house. One text for SQLite and PostgreSQL: BYTEA, BIGINT and TEXT only;
-- times are milliseconds since 1970; days are text YYYY-MM-DD; yes and no are 1 and 0.
-- "sealed" means: ciphertext of the vault, opened against a permit and a receipt only.
-- "directory" means: ciphertext under the operator's directory key (names and addresses of people who work here; no PHI).

-- One line for each fact about this installation.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,  -- which fact: made_for, operator, format, telephone, ...
    value TEXT NOT NULL               -- the fact
);

-- Keys that the root key wraps; they wrap the owners' keys.
CREATE TABLE epoch_key (
    number       BIGINT NOT NULL PRIMARY KEY,  -- counts up; never used again
    wrapped      BYTEA,                        -- wrapped by the root key; none once destroyed
    created_at   BIGINT NOT NULL,              -- when it was made
    destroyed_at BIGINT                        -- when it was destroyed
);

-- Keys of an owner (a customer or the operator) for one use, in one version.
CREATE TABLE owner_key (
    name         TEXT NOT NULL PRIMARY KEY,  -- use/owner/version: records/cus_.../1
    wrapped      BYTEA,                      -- wrapped by an epoch key; none once destroyed
    created_at   BIGINT NOT NULL,            -- when it was made
    destroyed_at BIGINT                      -- when it was shredded
);

-- Whose PHI is held. A customer's name is a business name and no PHI.
CREATE TABLE customer (
    customer_id TEXT NOT NULL PRIMARY KEY,  -- cus_...
    name        TEXT NOT NULL,              -- as the tag says it: "PHI - name"
    telephone   TEXT NOT NULL,              -- whom a closed door names
    created_at  BIGINT NOT NULL,            -- when
    closed_at   BIGINT,                     -- when it left
    held_bytes  BIGINT NOT NULL CHECK (held_bytes >= 0) -- plaintext bytes of all versions, counted as each comes in
);

-- Business associate agreements. None in force, no intake.
CREATE TABLE agreement (
    agreement_id   TEXT NOT NULL PRIMARY KEY,                                   -- agr_...
    customer_id    TEXT NOT NULL REFERENCES customer (customer_id),             -- with whom
    from_day       TEXT NOT NULL,                                               -- first day in force
    to_day         TEXT,                                                        -- last day in force; none = open
    reporting_days BIGINT NOT NULL CHECK (reporting_days BETWEEN 0 AND 60),     -- days we have to tell them
    notices_by     TEXT NOT NULL CHECK (notices_by IN ('customer', 'operator')),-- who writes to the people affected
    offshore       BIGINT NOT NULL CHECK (offshore IN (0, 1)),                  -- may work be done abroad
    deidentify     BIGINT NOT NULL CHECK (deidentify IN (0, 1)),                -- may we de-identify
    at_end         TEXT NOT NULL CHECK (at_end IN ('return', 'destroy')),       -- what happens to the records
    contacts       BYTEA NOT NULL,                                              -- directory: two people reachable day and night
    created_at     BIGINT NOT NULL,                                             -- when it was recorded
    created_by     TEXT NOT NULL,                                               -- by whom
    ended_at       BIGINT                                                       -- when somebody ended it early
);
CREATE INDEX agreement_by_customer ON agreement (customer_id);

-- People who work here, at a customer or at the operator.
CREATE TABLE person (
    person_id     TEXT NOT NULL PRIMARY KEY,                                            -- per_...
    directory     BYTEA NOT NULL,                                                       -- directory: name, e-mail, telephone
    email_index   BYTEA NOT NULL UNIQUE,                                                -- keyed MAC of the e-mail
    passkey_owner BYTEA NOT NULL UNIQUE,                                                -- random handle that passkeys carry
    state         TEXT NOT NULL CHECK (state IN ('invited', 'active', 'suspended')),    -- may they sign in
    created_at    BIGINT NOT NULL                                                       -- when
);

-- A person's role at a customer or at the operator, from-to. Rows are ended, never deleted.
CREATE TABLE membership (
    membership_id TEXT NOT NULL PRIMARY KEY,                     -- mem_...
    person_id     TEXT NOT NULL REFERENCES person (person_id),   -- who
    customer_id   TEXT REFERENCES customer (customer_id),        -- where; none = at the operator
    role          TEXT NOT NULL CHECK (role IN ('clinician', 'records_staff', 'practice_manager', 'transcriptionist',
                                       'qa_editor', 'coordinator', 'analyst', 'privacy_officer', 'security_officer',
                                       'administrator', 'auditor')), -- as what
    from_at       BIGINT NOT NULL,                               -- from
    to_at         BIGINT,                                        -- until; none = open
    granted_by    TEXT NOT NULL                                  -- by whom
);
CREATE INDEX membership_by_person ON membership (person_id);
CREATE INDEX membership_by_customer ON membership (customer_id);

-- Which of the operator's staff work for which customer.
CREATE TABLE assignment (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id),  -- for whom
    person_id   TEXT NOT NULL REFERENCES person (person_id),      -- who
    from_at     BIGINT NOT NULL,                                  -- from
    to_at       BIGINT,                                           -- until
    granted_by  TEXT NOT NULL,                                    -- by whom
    PRIMARY KEY (customer_id, person_id, from_at)
);
CREATE INDEX assignment_by_person ON assignment (person_id);

-- Passkeys.
CREATE TABLE credential (
    credential_id TEXT NOT NULL PRIMARY KEY,                    -- key_...
    person_id     TEXT NOT NULL REFERENCES person (person_id),  -- whose
    handle        BYTEA NOT NULL UNIQUE,                        -- the credential id of WebAuthn
    passkey       TEXT NOT NULL,                                -- public key and counter, as the library writes them
    label         TEXT NOT NULL,                                -- what its owner calls it
    created_at    BIGINT NOT NULL,                              -- when
    used_at       BIGINT,                                       -- last touch
    removed_at    BIGINT                                        -- when it was taken away
);
CREATE INDEX credential_by_person ON credential (person_id);

-- One-time invitations to enrol, and to enrol anew.
CREATE TABLE invitation (
    invitation_id TEXT NOT NULL PRIMARY KEY,                           -- inv_...
    person_id     TEXT NOT NULL REFERENCES person (person_id),         -- for whom
    kind          TEXT NOT NULL CHECK (kind IN ('enrol', 're_enrol')), -- first enrolment or a new one
    secret_hash   BYTEA NOT NULL UNIQUE,                               -- SHA-256 of the link's secret (128 random bits)
    spoken_hash   BYTEA NOT NULL,                                      -- keyed MAC of the second secret, told by telephone
    asked_by      TEXT NOT NULL,                                       -- who asked for it
    needs_second  BIGINT NOT NULL CHECK (needs_second IN (0, 1)),      -- must a second person confirm
    confirmed_by  TEXT,                                                -- who did
    created_at    BIGINT NOT NULL,                                     -- when
    expires_at    BIGINT NOT NULL,                                     -- 72 hours later
    used_at       BIGINT,                                              -- when it was used
    wrong_tries   BIGINT NOT NULL                                      -- wrong second secrets so far; five end it
);
CREATE INDEX invitation_by_person ON invitation (person_id);

-- Codes that open re-enrolment and nothing else.
CREATE TABLE recovery_code (
    person_id TEXT NOT NULL REFERENCES person (person_id),  -- whose
    code_hash BYTEA NOT NULL,                               -- keyed MAC of the code
    used_at   BIGINT,                                       -- when it was used
    PRIMARY KEY (person_id, code_hash)
);

-- Signed-in sessions. The secret itself is nowhere.
CREATE TABLE session (
    session_id  TEXT NOT NULL PRIMARY KEY,                    -- ses_..., the name the ledger uses
    secret_hash BYTEA NOT NULL UNIQUE,                        -- SHA-256 of the cookie's secret
    person_id   TEXT NOT NULL REFERENCES person (person_id),  -- who
    csrf        TEXT NOT NULL,                                -- what its forms carry
    created_at  BIGINT NOT NULL,                              -- when
    step_up_at  BIGINT,                                       -- last touch of the passkey
    idle_until  BIGINT NOT NULL,                              -- ends then if nothing is done
    ends_at     BIGINT NOT NULL,                              -- ends then in any case
    revoked_at  BIGINT,                                       -- ended by hand
    shared      BIGINT NOT NULL CHECK (shared IN (0, 1)),     -- on a device that several people use
    locked_at   BIGINT                                        -- idle lock: one touch brings it back
);
CREATE INDEX session_by_person ON session (person_id);

-- A WebAuthn ceremony on its way: a challenge given and not yet answered.
CREATE TABLE ceremony (
    ceremony_hash BYTEA NOT NULL PRIMARY KEY,  -- SHA-256 of the cookie or link that began it
    kind          TEXT NOT NULL,               -- sign_in, enrol, step_up
    person_id     TEXT,                        -- for whom, when known
    state         TEXT NOT NULL,               -- what the library wants back
    expires_at    BIGINT NOT NULL              -- five minutes later
);

-- Patients of one customer.
CREATE TABLE patient (
    patient_id  TEXT NOT NULL PRIMARY KEY,                               -- pat_...
    customer_id TEXT NOT NULL REFERENCES customer (customer_id),         -- whose
    body        BYTEA NOT NULL,                                          -- sealed: name, birth date, record number, sex
    provisional BIGINT NOT NULL CHECK (provisional IN (0, 1)),           -- not yet sure who this is
    linked_to   TEXT,                                                    -- the known patient this one turned out to be
    created_at  BIGINT NOT NULL,                                         -- when
    changed_at  BIGINT NOT NULL,                                         -- last change
    -- What hangs on a patient names the customer too: a row never points into another customer's.
    UNIQUE (customer_id, patient_id),
    FOREIGN KEY (customer_id, linked_to) REFERENCES patient (customer_id, patient_id)
);
CREATE INDEX patient_by_link ON patient (linked_to);

-- The blind index over patients: what can be searched without opening anything.
CREATE TABLE patient_token (
    customer_id TEXT NOT NULL,                                       -- whose
    field       TEXT NOT NULL,                                       -- surname, surname prefix, sound, record number, ...
    token       BYTEA NOT NULL,                                      -- HMAC-SHA-256 under the customer's index key
    patient_id  TEXT NOT NULL,                                       -- who
    PRIMARY KEY (customer_id, field, token, patient_id),
    FOREIGN KEY (customer_id, patient_id) REFERENCES patient (customer_id, patient_id)
);
CREATE INDEX patient_token_by_patient ON patient_token (customer_id, patient_id);

-- Documents of one customer.
CREATE TABLE document (
    document_id     TEXT NOT NULL PRIMARY KEY,                               -- doc_...
    customer_id     TEXT NOT NULL REFERENCES customer (customer_id),         -- whose
    patient_id      TEXT,                                                    -- about whom; none = not matched
    author_id       TEXT REFERENCES person (person_id),                      -- who spoke it; not who uploaded it
    uploader_id     TEXT NOT NULL,                                           -- who brought it
    kind            TEXT NOT NULL CHECK (kind IN ('transcript', 'dictation', 'letter', 'scan')), -- what it is
    state           TEXT NOT NULL CHECK (state IN ('dictated', 'transcribed', 'edited', 'delivered', 'signed',
                                         'held', 'unmatched', 'withdrawn', 'entered_in_error')), -- where it stands
    body            BYTEA NOT NULL,                                          -- sealed: title, visit date, what the file said of the patient
    current_version BIGINT NOT NULL CHECK (current_version >= 1),            -- the newest version
    uploaded_at     BIGINT NOT NULL,                                         -- when it came in
    delivered_at    BIGINT,                                                  -- when the practice got it
    signed_at       BIGINT,                                                  -- when its author signed
    signed_by       TEXT,                                                    -- who signed
    picked_up_at    BIGINT,                                                  -- when the practice picked it up
    picked_up_by    TEXT,                                                    -- who picked it up
    withdrawn_at    BIGINT,                                                  -- when it was taken out of every inbox
    reason          BYTEA,                                                   -- sealed: why it is held, withdrawn or moved
    moved_from      TEXT,                                                    -- in whose chart it lay wrongly before it was moved
    revision        BIGINT NOT NULL,                                         -- counts every change, so that none is overwritten unseen
    -- As with patients: a row never points into another customer's. The order of pages, too.
    UNIQUE (customer_id, document_id),
    FOREIGN KEY (customer_id, patient_id) REFERENCES patient (customer_id, patient_id),
    FOREIGN KEY (customer_id, moved_from) REFERENCES patient (customer_id, patient_id)
);
-- Ids sort by time, so each of these gives a page in its order.
CREATE INDEX document_by_state ON document (customer_id, state, document_id);
-- Whether a patient is in somebody's care is asked row by row, so all that it takes stands in here.
CREATE INDEX document_by_patient ON document (patient_id, document_id, state, author_id, customer_id);
CREATE INDEX document_by_move ON document (moved_from, document_id);
CREATE INDEX document_by_author ON document (author_id, document_id);
CREATE INDEX document_by_uploader ON document (uploader_id, document_id);

-- The blind index over documents: visit day and month.
CREATE TABLE document_token (
    customer_id TEXT NOT NULL,                                       -- whose
    field       TEXT NOT NULL,                                       -- visit_day, visit_month
    token       BYTEA NOT NULL,                                      -- HMAC-SHA-256 under the customer's index key
    document_id TEXT NOT NULL,                                       -- which
    PRIMARY KEY (customer_id, field, token, document_id),
    FOREIGN KEY (customer_id, document_id) REFERENCES document (customer_id, document_id)
);
CREATE INDEX document_token_by_document ON document_token (customer_id, document_id);

-- Versions of documents. Append-only.
CREATE TABLE document_version (
    document_id     TEXT NOT NULL REFERENCES document (document_id),  -- of which
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
    PRIMARY KEY (document_id, version)
);

-- In whose inbox a document lies.
CREATE TABLE recipient (
    document_id TEXT NOT NULL REFERENCES document (document_id),         -- which
    person_id   TEXT NOT NULL REFERENCES person (person_id),             -- whose inbox
    why         TEXT NOT NULL CHECK (why IN ('author', 'copy')),         -- as author, or as a copy
    read_at     BIGINT,                                                  -- first opened by this person
    PRIMARY KEY (document_id, person_id)
);
CREATE INDEX recipient_by_person ON recipient (person_id, document_id);
CREATE INDEX recipient_unread ON recipient (person_id, document_id) WHERE read_at IS NULL;

-- Uploads on their way in. The row comes first; a sweeper takes only what it has flipped to abandoned.
CREATE TABLE upload (
    upload_id   TEXT NOT NULL PRIMARY KEY,                                           -- upl_...
    customer_id TEXT NOT NULL REFERENCES customer (customer_id),                     -- for whom
    person_id   TEXT NOT NULL,                                                       -- by whom
    objects     TEXT NOT NULL,                                                       -- which objects it writes, space between
    state       TEXT NOT NULL CHECK (state IN ('open', 'committed', 'abandoned')),   -- where it stands
    started_at  BIGINT NOT NULL,                                                     -- when it began
    moved_at    BIGINT NOT NULL                                                      -- last sign of life
);
CREATE INDEX upload_unfinished ON upload (moved_at) WHERE state <> 'committed';

-- Broken glasses.
CREATE TABLE break_glass (
    break_glass_id TEXT NOT NULL PRIMARY KEY,                              -- brk_...
    customer_id    TEXT NOT NULL REFERENCES customer (customer_id),        -- where
    person_id      TEXT NOT NULL REFERENCES person (person_id),            -- who
    patient_id     TEXT NOT NULL,                                          -- for whom
    reason         BYTEA NOT NULL,                                         -- sealed: why
    from_at        BIGINT NOT NULL,                                        -- from
    to_at          BIGINT NOT NULL,                                        -- until, one to four hours
    reviewed_at    BIGINT,                                                 -- when the review was closed
    reviewed_by    TEXT,                                                   -- by whom
    verdict        TEXT CHECK (verdict IN ('justified', 'not_justified')), -- how
    note           BYTEA,                                                  -- sealed: the reviewer's words
    FOREIGN KEY (customer_id, patient_id) REFERENCES patient (customer_id, patient_id)
);
CREATE INDEX break_glass_by_person ON break_glass (person_id, to_at);
CREATE INDEX break_glass_by_customer ON break_glass (customer_id, from_at);

-- What detectors, the probe and the system said.
CREATE TABLE alert (
    alert_id  TEXT NOT NULL PRIMARY KEY,  -- alr_...
    at        BIGINT NOT NULL,            -- when
    kind      TEXT NOT NULL,              -- fixed word
    sentence  TEXT NOT NULL,              -- one sentence, no PHI
    closed_at BIGINT,                     -- when somebody closed it
    closed_by TEXT,                       -- who
    word      TEXT                        -- with which word
);

-- The head of the ledger. Appending compares and swaps it.
CREATE TABLE ledger_head (
    ledger TEXT NOT NULL PRIMARY KEY,  -- its name
    size   BIGINT NOT NULL,            -- entries so far
    root   BYTEA NOT NULL              -- Merkle root over them (RFC 6962)
);

-- Entries. The leaf is what the tree is over; the other columns repeat its clear header so that it can be asked.
CREATE TABLE ledger_entry (
    idx         BIGINT NOT NULL PRIMARY KEY,  -- place in the tree, from 0
    leaf        BYTEA NOT NULL,               -- the entry's bytes, as FORMATS says
    at          BIGINT NOT NULL,              -- when
    principal   TEXT NOT NULL,                -- who
    customer_id TEXT,                         -- whose PHI
    action      TEXT NOT NULL,                -- what
    outcome     TEXT NOT NULL CHECK (outcome IN ('permitted', 'refused', 'done', 'failed', 'unknown', 'noted')) -- how it ended
);
CREATE INDEX ledger_entry_by_principal ON ledger_entry (principal, idx);
CREATE INDEX ledger_entry_by_customer ON ledger_entry (customer_id, idx);

-- Which entries name which thing: "who opened it".
CREATE TABLE ledger_touch (
    resource_id TEXT NOT NULL,    -- doc_..., pat_..., per_...
    idx         BIGINT NOT NULL,  -- the entry
    PRIMARY KEY (resource_id, idx)
);

-- Hash tiles (C2SP tlog-tiles), the newest width of each.
CREATE TABLE ledger_tile (
    level  BIGINT NOT NULL,  -- 0 = leaf hashes
    n      BIGINT NOT NULL,  -- which tile of the level
    hashes BYTEA NOT NULL,   -- 32 bytes each, up to 256
    PRIMARY KEY (level, n)
);

-- Signed tree heads.
CREATE TABLE ledger_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,  -- tree size
    note TEXT NOT NULL,                -- the signed note
    at   BIGINT NOT NULL               -- when it was kept
);

-- What was handed to the witness outside, and how that went.
CREATE TABLE witness_run (
    size     BIGINT NOT NULL,                          -- tree size handed over
    at       BIGINT NOT NULL,                          -- when
    ok       BIGINT NOT NULL CHECK (ok IN (0, 1)),     -- did it arrive
    sentence TEXT NOT NULL,                            -- what was said
    PRIMARY KEY (at, size)
);

-- What was checked of the house itself: the outside probe, backups, restore drills.
CREATE TABLE house_check (
    at       BIGINT NOT NULL,                                                        -- when
    kind     TEXT NOT NULL CHECK (kind IN ('probe', 'backup', 'restore_drill', 'restore')), -- which
    ok       BIGINT NOT NULL CHECK (ok IN (0, 1)),                                   -- did it pass
    sentence TEXT NOT NULL,                                                          -- what was found
    PRIMARY KEY (at, kind)
);

-- Counts within a window: sign-ins, downloads, uploads.
CREATE TABLE limit_window (
    subject   TEXT NOT NULL,    -- whom and what is counted
    window_at BIGINT NOT NULL,  -- when the window began
    count     BIGINT NOT NULL,  -- how often
    PRIMARY KEY (subject, window_at)
);
CREATE INDEX limit_window_by_time ON limit_window (window_at);
