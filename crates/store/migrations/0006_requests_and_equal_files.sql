-- Why: a privacy officer sees names only inside a numbered request, which has to be written down first; and a file that came
-- in before is noticed when it comes again, which needs something to know it by that tells a thief nothing.

-- Numbered requests: the only way by which a privacy officer comes to see names.
CREATE TABLE request (
    request_id  TEXT NOT NULL PRIMARY KEY,                        -- req_...
    customer_id TEXT NOT NULL REFERENCES customer (customer_id),  -- at which customer
    person_id   TEXT NOT NULL REFERENCES person (person_id),      -- who opened it, and for whom alone it counts
    body        BYTEA NOT NULL,                                   -- number and reason, under the customer's audit key of the year
    from_at     BIGINT NOT NULL,                                  -- from
    to_at       BIGINT NOT NULL,                                  -- until; closing it early brings this forward
    closed_at   BIGINT                                            -- when it was closed by hand
);
CREATE INDEX request_by_person ON request (person_id, to_at);
CREATE INDEX request_by_customer ON request (customer_id, request_id);

-- What an original is known by when the same bytes come again: equal files of one customer have equal tokens.
CREATE TABLE original_token (
    customer_id TEXT NOT NULL,    -- whose
    token       BYTEA NOT NULL,   -- HMAC-SHA-256 of the whole file under the customer's index key
    document_id TEXT NOT NULL,    -- the document it came in as
    version     BIGINT NOT NULL,  -- as which version
    PRIMARY KEY (customer_id, token, document_id, version),
    FOREIGN KEY (customer_id, document_id) REFERENCES document (customer_id, document_id)
);
