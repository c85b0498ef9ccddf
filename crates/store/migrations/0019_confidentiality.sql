-- Why: what is sensitive is kept to those who treat. An older program would show it to everybody at the practice: none works on this
-- schema (migrations.rs).

ALTER TABLE document ADD COLUMN confidentiality TEXT NOT NULL DEFAULT 'normal' CHECK (confidentiality IN ('normal', 'restricted', 'very_restricted')); -- who of the practice may see it
ALTER TABLE document ADD COLUMN restricted_by TEXT; -- who said so; none = by the practice's rule when it came in

ALTER TABLE customer ADD COLUMN restricts TEXT NOT NULL DEFAULT ''; -- the practice's rule for what comes in: kind=confidentiality, space between; a kind that is not here is normal
