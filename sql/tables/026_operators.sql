-- Who runs the house, and what was changed by whom.

CREATE TABLE operators (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name         text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'owner')),
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    prefix       text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
COMMENT ON TABLE operators IS 'People and programs of the Tech Provider''s, who may call /admin. They belong to no org.';
COMMENT ON COLUMN operators.name IS 'As the audit log has it. Of those that are good one has it.';
COMMENT ON COLUMN operators.role IS
    'viewer: reads. operator: changes things, too. owner: also moves money and makes operators.';
COMMENT ON COLUMN operators.token_hash IS 'Plain SHA-256: of 256 random bits there is nothing to guess.';
COMMENT ON COLUMN operators.prefix IS 'How the token begins, to tell it by.';
COMMENT ON COLUMN operators.last_used_at IS 'When the token was used, to a minute; null: never.';
COMMENT ON COLUMN operators.revoked_at IS 'Null: it is good.';
CREATE UNIQUE INDEX operators_name ON operators (lower(name)) WHERE revoked_at IS NULL;

CREATE TABLE audit_log (
    n            bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor        text NOT NULL,
    session_role text NOT NULL DEFAULT session_user,
    org_id       uuid,
    action       text NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
    object       text NOT NULL,
    object_id    text,
    before       jsonb,
    after        jsonb
);
COMMENT ON TABLE audit_log IS
    'What people have changed, a row in the same transaction (core/audit_log.sql). Append-only: triggers refuse the '
    'rest. Money has its own book: bookings.';
COMMENT ON COLUMN audit_log.n IS 'The largest is the newest.';
COMMENT ON COLUMN audit_log.at IS 'When.';
COMMENT ON COLUMN audit_log.actor IS
    'Who, as the transaction''s setting tollgate.actor has it, such as operator:anna; else the role that was connected.';
COMMENT ON COLUMN audit_log.session_role IS 'The role that was connected.';
COMMENT ON COLUMN audit_log.org_id IS 'Whose it is; null: nobody''s.';
COMMENT ON COLUMN audit_log.action IS 'What was done to the row.';
COMMENT ON COLUMN audit_log.object IS 'The table.';
COMMENT ON COLUMN audit_log.object_id IS 'Which row of it.';
COMMENT ON COLUMN audit_log.before IS
    'As it was; of an update the columns that have changed. Secrets are "***". Null: it was not there.';
COMMENT ON COLUMN audit_log.after IS
    'As it is, likewise; of what somebody has dismissed the reason. Null: it is gone.';
CREATE INDEX audit_log_org ON audit_log (org_id, n);

ALTER TABLE alerts ADD COLUMN acknowledged_at timestamptz, ADD COLUMN acknowledged_by text;
COMMENT ON COLUMN alerts.acknowledged_at IS 'When somebody has said that it is being seen to; null: nobody has.';
COMMENT ON COLUMN alerts.acknowledged_by IS 'Who, as in audit_log.actor.';

ALTER TABLE error_rules ADD COLUMN changed_at timestamptz;
COMMENT ON COLUMN error_rules.changed_at IS
    'When it was changed by hand: deploy/migrate lets it alone from then on. Null: it is as in sql/error_rules.csv.';

CREATE TABLE former_error_rules (
    n       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    outcome text NOT NULL,
    until   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor   text NOT NULL,
    rule    jsonb NOT NULL
);
COMMENT ON TABLE former_error_rules IS 'Error rules as they were before they were changed by hand. A trigger keeps them.';
COMMENT ON COLUMN former_error_rules.n IS 'The largest is the newest.';
COMMENT ON COLUMN former_error_rules.outcome IS 'Which.';
COMMENT ON COLUMN former_error_rules.until IS 'Since when it is another.';
COMMENT ON COLUMN former_error_rules.actor IS 'Who has changed it, as in audit_log.actor.';
COMMENT ON COLUMN former_error_rules.rule IS 'The row as it was.';
CREATE INDEX former_error_rules_outcome ON former_error_rules (outcome, n);
