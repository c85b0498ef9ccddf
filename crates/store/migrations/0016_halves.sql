-- Why: a database server keeps what is deleted in its log, its archive and its copies. So an epoch's row there is wrapped by the
-- root key and a half together, and the half lies elsewhere, where it can be destroyed (docs/decisions/0027). The embedded
-- database has none.

ALTER TABLE epoch_key ADD COLUMN half TEXT; -- hlf_..., the other half of what wraps it, among the sealed objects; of a destroyed one only until that half is known to be gone
