-- Why: destroying a customer's keys takes two people and several steps, and can die between any two of them. Each
-- step stands here before the next one begins. A person's rights are not decided here, but one person cannot be both:
-- the table refuses that too.

-- The destruction of a customer's keys: asked for, approved, done. At most one for each customer.
CREATE TABLE key_shred (
    customer_id      TEXT NOT NULL PRIMARY KEY REFERENCES customer (customer_id),        -- whose keys
    state            TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'destroyed')),  -- how far it is
    reason           BYTEA NOT NULL,                                                     -- directory: why, in the officer's words
    asked_by         TEXT NOT NULL,                                                      -- the officer who asked
    asked_at         BIGINT NOT NULL,                                                    -- when
    copies_expire_at BIGINT,                                                             -- when the last copy of the volume expires that holds an old epoch key; none = there is no such copy
    approved_by      TEXT CHECK (approved_by <> asked_by),                               -- the other officer
    approved_at      BIGINT,                                                             -- when
    certificate      TEXT,                                                               -- what was destroyed and when
    destroyed_at     BIGINT,                                                             -- when the keys left the table
    CHECK ((state = 'asked') = (approved_by IS NULL)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((state = 'destroyed') = (certificate IS NOT NULL)),
    CHECK ((certificate IS NULL) = (destroyed_at IS NULL))
);
