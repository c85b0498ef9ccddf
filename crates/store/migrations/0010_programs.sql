-- Why: software works with a practice's records too, and has rights of its own there: each program proves itself by a key,
-- holds a token for five minutes, and is stopped as fast as a person is.

-- Programs: software that a customer's manager let work with that customer's records.
CREATE TABLE program (
    program_id   TEXT NOT NULL PRIMARY KEY,                        -- prg_...; OAuth's client_id
    customer_id  TEXT NOT NULL REFERENCES customer (customer_id),  -- for whom it works, and nobody else
    name         TEXT NOT NULL,                                    -- what the manager calls it: a product's name
    rights       TEXT NOT NULL,                                    -- what it was granted: scopes with single spaces between
    jwks_url     TEXT,                                             -- where its public keys are fetched; none = they are in program_key
    created_at   BIGINT NOT NULL,                                  -- when
    created_by   TEXT NOT NULL,                                    -- who registered it
    ends_at      BIGINT NOT NULL,                                  -- does nothing from then on
    revoked_at   BIGINT,                                           -- when somebody stopped it
    revoked_by   TEXT,                                             -- who
    last_used_at BIGINT,                                           -- when it last got a token
    revision     BIGINT NOT NULL,                                  -- counts changes, so that nobody overwrites what they have not seen
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX program_by_customer ON program (customer_id, program_id);

-- Public keys of programs, as they were registered.
CREATE TABLE program_key (
    program_id TEXT NOT NULL REFERENCES program (program_id),  -- whose
    kid        TEXT NOT NULL,                                  -- its name, as tokens' requests say it
    jwk        TEXT NOT NULL,                                  -- the public key as JSON (RFC 7517), private members never
    created_at BIGINT NOT NULL,                                -- since when it counts
    ends_at    BIGINT,                                         -- until when it counts; none = until the program ends
    PRIMARY KEY (program_id, kid)
);

-- Tokens of programs. The secrets themselves are nowhere.
CREATE TABLE program_token (
    secret_hash BYTEA NOT NULL PRIMARY KEY,                     -- SHA-256 of the token
    session_id  TEXT NOT NULL UNIQUE,                           -- its name in the ledger
    program_id  TEXT NOT NULL REFERENCES program (program_id),  -- whose
    rights      TEXT NOT NULL,                                  -- what it was asked for with: a part of what was granted
    created_at  BIGINT NOT NULL,                                -- when
    ends_at     BIGINT NOT NULL                                 -- five minutes later
);
CREATE INDEX program_token_by_end ON program_token (ends_at);

-- Signed requests for tokens that were used: none is used twice.
CREATE TABLE program_assertion (
    program_id TEXT NOT NULL REFERENCES program (program_id),  -- whose
    jti_hash   BYTEA NOT NULL,                                 -- SHA-256 of its one-time name
    forget_at  BIGINT NOT NULL,                                -- it would be refused for its age from then on
    PRIMARY KEY (program_id, jti_hash)
);
CREATE INDEX program_assertion_by_end ON program_assertion (forget_at);

-- Answers to requests that carried an Idempotency-Key, for whoever asks again because no answer came.
CREATE TABLE program_answer (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id),  -- whose records
    program_id  TEXT NOT NULL REFERENCES program (program_id),    -- who asked
    key_hash    BYTEA NOT NULL,                                   -- SHA-256 of the key, which the program makes up
    asked       BYTEA,                                            -- keyed digest of what was asked; none = it is still being done
    answer      TEXT,                                             -- ids and fixed words; none = it is still being done
    forget_at   BIGINT NOT NULL,                                  -- a day later
    PRIMARY KEY (customer_id, program_id, key_hash)
);

-- Programs follow a practice's documents in the order in which these came to it, or were signed.
CREATE INDEX document_by_arrival ON document (customer_id, COALESCE(signed_at, delivered_at), document_id);
