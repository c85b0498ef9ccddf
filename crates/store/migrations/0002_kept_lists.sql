-- Why: lists and searches of a practice with half a million documents. Whose patients are whose, and which names a
-- document's patient has, was worked out for each row that was walked past; now both are kept, each in the
-- transaction that changes what makes it so. What is kept finds rows and grants nothing: policy is told what the
-- documents themselves say.

-- Which patients are in whose care: author or recipient of some delivered or signed document about them.
CREATE TABLE care (
    person_id   TEXT NOT NULL REFERENCES person (person_id),  -- who cares
    patient_id  TEXT NOT NULL,                                -- for whom
    customer_id TEXT NOT NULL,                                -- where; last in the key, because a patient is one customer's: checked, not searched by
    PRIMARY KEY (person_id, patient_id, customer_id),
    FOREIGN KEY (customer_id, patient_id) REFERENCES patient (customer_id, patient_id)
);
CREATE INDEX care_by_patient ON care (patient_id);

-- The names that a document's patient has in patient_token, by document: so that a name is walked along in the order
-- of pages. It says nothing that document and patient_token together do not say.
CREATE TABLE document_name (
    token       BYTEA NOT NULL,  -- as in patient_token, of the fields that many share; no two customers or fields have one in common
    document_id TEXT NOT NULL,   -- which document
    customer_id TEXT NOT NULL,   -- whose
    PRIMARY KEY (token, document_id),
    FOREIGN KEY (customer_id, document_id) REFERENCES document (customer_id, document_id)
);
CREATE INDEX document_name_by_document ON document_name (document_id);

-- The tokens of one patient were looked for by customer first, for which an engine without statistics prefers the
-- primary key and reads every token of the practice.
DROP INDEX patient_token_by_patient;
CREATE INDEX patient_token_by_patient ON patient_token (patient_id, field, token, customer_id);

INSERT INTO care (person_id, patient_id, customer_id)
    SELECT author_id, patient_id, customer_id FROM document
        WHERE state IN ('delivered', 'signed') AND patient_id IS NOT NULL AND author_id IS NOT NULL
    UNION
    SELECT recipient.person_id, document.patient_id, document.customer_id
        FROM recipient JOIN document ON document.document_id = recipient.document_id
        WHERE document.state IN ('delivered', 'signed') AND document.patient_id IS NOT NULL;

INSERT INTO document_name (token, document_id, customer_id)
    SELECT DISTINCT patient_token.token, document.document_id, document.customer_id
        FROM document CROSS JOIN patient_token
        WHERE patient_token.patient_id = document.patient_id
            AND (patient_token.customer_id || '') = document.customer_id
            AND patient_token.field IN ('given', 'surname', 'surname_prefix', 'surname_sound')
        ORDER BY patient_token.token, document.document_id;
