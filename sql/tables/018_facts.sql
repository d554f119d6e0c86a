-- What follows from what Meta tells of accounts, changes of numbers that come in any order, and slots for retries.

ALTER TABLE account_notices
    ADD COLUMN told_at timestamptz,
    ADD COLUMN matter  text,
    ADD COLUMN pending boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN account_notices.told_at IS 'By Meta''s clock; null: from before it was kept.';
COMMENT ON COLUMN account_notices.matter IS
    'What it is a word on, if something follows from that (core/notices.sql): of several the newest counts.';
COMMENT ON COLUMN account_notices.pending IS 'What follows from it is still to be done.';
CREATE INDEX account_notices_matter ON account_notices (waba_id, matter, told_at) WHERE matter IS NOT NULL;
CREATE INDEX account_notices_pending ON account_notices (told_at, id) WHERE pending;

ALTER TABLE alerts
    ADD COLUMN waba_id text,
    ADD COLUMN number  text,
    ADD COLUMN matter  text,
    ADD COLUMN ends_at timestamptz,
    DROP CONSTRAINT alerts_kind_check,
    ADD CONSTRAINT alerts_kind_check CHECK (kind IN ('channel_paused', 'account', 'rule_unchecked', 'rule_refused',
                                                     'rule_failed', 'reply_refused'));
COMMENT ON COLUMN alerts.waba_id IS 'The business account that it is about, where it is about one.';
COMMENT ON COLUMN alerts.number IS 'The number of that account that it is about alone, as digits.';
COMMENT ON COLUMN alerts.matter IS 'Of an account''s: what Meta''s next word on ends it, as in account_notices.';
COMMENT ON COLUMN alerts.ends_at IS 'When it is so no more, if Meta has said it; null: it has not.';
CREATE UNIQUE INDEX alerts_open_of_account ON alerts (org_id, waba_id, coalesce(number, ''), matter)
    WHERE resolved_at IS NULL AND kind = 'account';
CREATE INDEX alerts_ending ON alerts (ends_at) WHERE resolved_at IS NULL AND ends_at IS NOT NULL;

ALTER TABLE channels ADD COLUMN IF NOT EXISTS display_phone_number text;
COMMENT ON COLUMN channels.display_phone_number IS
    'The number as customers see it. By it Meta''s words on one number of an account find their channel; null: they '
    'do where the account has no other channel.';
CREATE INDEX channels_waba ON channels (waba_id) WHERE waba_id IS NOT NULL;
CREATE INDEX channels_paused_for ON channels (paused_for) WHERE paused_for LIKE 'account:%';

CREATE TABLE contact_changes (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    phone       text,
    user_id     text,
    new_phone   text,
    new_user_id text,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE contact_changes IS
    'Who had a phone and a user id has had others since: by these, one that is told late leads to the latest.';
COMMENT ON COLUMN contact_changes.at IS 'By Meta''s clock.';
COMMENT ON COLUMN contact_changes.phone IS 'The former one; null: not told.';
COMMENT ON COLUMN contact_changes.user_id IS 'Likewise.';
COMMENT ON COLUMN contact_changes.new_phone IS 'Null: it stays.';
COMMENT ON COLUMN contact_changes.new_user_id IS 'Null: it stays, or is not told.';
CREATE INDEX contact_changes_phone ON contact_changes (org_id, phone, at) WHERE phone IS NOT NULL;
CREATE INDEX contact_changes_user_id ON contact_changes (org_id, user_id, at) WHERE user_id IS NOT NULL;

ALTER TABLE outbox ADD COLUMN slotted smallint;
COMMENT ON COLUMN outbox.slotted IS
    'After so many attempts it has taken a slot for the next one, which is its due_at; null: after none.';
