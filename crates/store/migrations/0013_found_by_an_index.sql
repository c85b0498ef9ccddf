-- Why: on a server pages read tables that grow for ever from end to end; what they look for is found by an index now
-- (docs/decisions/0022).

-- Open alerts first, then the newest.
CREATE INDEX alert_open_first ON alert ((CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END), alert_id DESC);

-- What waits to be picked up is little of what there is.
CREATE INDEX document_waiting ON document (customer_id, document_id) WHERE picked_up_at IS NULL;

-- The last backup, among four probes an hour.
CREATE INDEX house_check_by_kind ON house_check (kind, at);

-- The last checkpoint that a witness took.
CREATE INDEX witness_run_taken ON witness_run (size) WHERE ok = 1;

-- Invitations that are out.
CREATE INDEX invitation_out ON invitation (expires_at) WHERE used_at IS NULL;

-- The tokens of a program that is stopped.
CREATE INDEX program_token_by_program ON program_token (program_id);
