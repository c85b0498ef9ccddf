-- Why: people around a patient (guardians, guarantors), and a revision on what two people may correct at once. Text
-- and types as in 0001: one text for SQLite and PostgreSQL.

-- Two people who correct one patient at once: the second is told, and nothing is overwritten unseen.
ALTER TABLE patient ADD COLUMN revision BIGINT NOT NULL DEFAULT 0; -- counts every change

-- People around a patient: guardians and guarantors, with authority, court orders and dates. Ended by a date, never deleted.
CREATE TABLE related_person (
    related_id  TEXT NOT NULL PRIMARY KEY,                                   -- rel_...
    customer_id TEXT NOT NULL,                                               -- whose
    patient_id  TEXT NOT NULL,                                               -- around whom
    kind        TEXT NOT NULL CHECK (kind IN ('guardian', 'guarantor')),     -- speaks for the patient, or pays
    body        BYTEA NOT NULL,                                              -- sealed: name, relation, telephone, address, authority, court order, dates
    created_at  BIGINT NOT NULL,                                             -- when
    changed_at  BIGINT NOT NULL,                                             -- last change
    revision    BIGINT NOT NULL,                                             -- counts every change, so that none is overwritten unseen
    UNIQUE (customer_id, related_id),
    FOREIGN KEY (customer_id, patient_id) REFERENCES patient (customer_id, patient_id)
);
CREATE INDEX related_person_by_patient ON related_person (customer_id, patient_id);
