-- Why: several processes work on one database. Each says that it is there, which keys it knows, and takes work that only one
-- may do at a time. Times here are the database's own.

-- A process that serves. Only on a database server.
CREATE TABLE node (
    node_id    TEXT NOT NULL PRIMARY KEY,  -- nod_..., new at each start
    started_at BIGINT NOT NULL,            -- when it joined
    seen_until BIGINT NOT NULL,            -- its lease: it answers nothing later than this without a new one
    keys_seen  TEXT NOT NULL,              -- the state of the key table that it works with: newest epoch, slash, rows
    program    TEXT NOT NULL               -- version of the program, for whoever upgrades one node after another
);

-- Work that one node at a time does.
CREATE TABLE job (
    name    TEXT NOT NULL PRIMARY KEY,     -- which
    node_id TEXT,                          -- who does it now; it is free again when that node's lease has ended
    due_at  BIGINT NOT NULL                -- not before
);
