-- Why: each version keeps its manifest, which says what kinds of data are in it, of how many people, and what nobody could read. An
-- older program would leave it behind when a customer's keys are rotated or a practice moves: none works on this schema (migrations.rs).

ALTER TABLE document_version ADD COLUMN body BYTEA; -- sealed: the manifest (docs/FORMATS.md); none = nobody has looked into it, so anything may be in it
