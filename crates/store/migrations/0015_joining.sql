-- Why: one practice joins another: by the word of both their managers, carried out so that it can be stopped at any moment and
-- goes on where it was. Rows of one customer become another's without any text about both: what has left the one and is not yet
-- with the other waits in a table of the other's.

-- A customer that joins another, and how far it is. Taken back: the row goes, the ledger keeps what was.
CREATE TABLE customer_joining (
    customer_id TEXT NOT NULL PRIMARY KEY REFERENCES customer (customer_id),                        -- who joins
    into_id     TEXT NOT NULL REFERENCES customer (customer_id),                                    -- whom
    prefix      TEXT NOT NULL,                                                                      -- what record numbers get that both have
    state       TEXT NOT NULL CHECK (state IN ('prepared', 'given', 'agreed', 'moving', 'joined')), -- how far it is
    prepared_by TEXT NOT NULL,                                                                      -- the officer who prepared it
    prepared_at BIGINT NOT NULL,                                                                    -- when
    given_by    TEXT CHECK (given_by <> prepared_by),                                               -- the manager of the one that joins who said yes
    given_at    BIGINT,                                                                             -- when
    agreed_by   TEXT CHECK (agreed_by <> given_by AND agreed_by <> prepared_by),                    -- the other's manager, another person
    agreed_at   BIGINT,                                                                             -- when
    people      TEXT,                                                                               -- memberships that the other's manager takes over, space between
    moving_at   BIGINT,                                                                             -- when it began to be carried out
    joined_at   BIGINT,                                                                             -- when all of it was there
    CHECK (into_id <> customer_id),
    CHECK ((state = 'prepared') = (given_by IS NULL)),
    CHECK ((state IN ('prepared', 'given')) = (agreed_by IS NULL)),
    CHECK ((given_by IS NULL) = (given_at IS NULL)),
    CHECK ((agreed_by IS NULL) = (agreed_at IS NULL)),
    CHECK ((agreed_by IS NULL) = (people IS NULL)),
    CHECK ((state IN ('moving', 'joined')) = (moving_at IS NOT NULL)),
    CHECK ((state = 'joined') = (joined_at IS NOT NULL))
);
CREATE INDEX customer_joining_into ON customer_joining (into_id);

-- Rows that have left, or are about to leave, the customer that joins: under this customer's keys already.
CREATE TABLE arriving (
    customer_id TEXT NOT NULL REFERENCES customer (customer_id), -- whose they will be
    step        BIGINT NOT NULL,                                 -- to which table, in the order in which they come in
    thing       TEXT NOT NULL,                                   -- which row of it
    content     BYTEA NOT NULL,                                  -- its values, sealed ones under this customer's keys
    PRIMARY KEY (customer_id, step, thing)
);
