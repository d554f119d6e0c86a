-- The first channel of an org is looked up with each send that names none.

CREATE INDEX channels_first ON channels (org_id, created_at, id) WHERE status <> 'disabled';
