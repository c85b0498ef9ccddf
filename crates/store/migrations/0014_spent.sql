-- Why: how often somebody may knock is a limit of the house and not of each of its nodes, so each says with its pulse what it
-- let pass. Nodes of before go on beside it: they say nothing, and count alone.

ALTER TABLE node ADD COLUMN spent BYTEA; -- what it let pass within the last lease, by keyed hashes of whose tries they were; none when that is nothing (docs/FORMATS.md)
