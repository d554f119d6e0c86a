-- What is personal and does not stay: contacts that are erased, and bodies that are kept only for so long.

ALTER TABLE contacts ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN contacts.erased_at IS
    'Since when nothing is kept of the person: it has neither phone, user id nor name, and learns none any more. Who '
    'comes again is another contact. Null: it was not erased.';
ALTER TABLE contacts DROP CONSTRAINT contacts_check,
    ADD CONSTRAINT contacts_check
    CHECK (phone IS NOT NULL OR user_id IS NOT NULL OR merged_into IS NOT NULL OR erased_at IS NOT NULL) NOT VALID;

CREATE TABLE erasure_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    key bytea NOT NULL CHECK (length(key) = 32)
);
COMMENT ON TABLE erasure_key IS
    'With which phones and user ids are hashed that have opted out and were erased. No daemon may read it, and it may be '
    'left out of dumps and kept apart (docs/erasure.md): without it nobody finds a number by trying all.';
COMMENT ON COLUMN erasure_key.one IS 'There is one.';
COMMENT ON COLUMN erasure_key.key IS 'Random bits.';
INSERT INTO erasure_key (key)
VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

CREATE TABLE erased_opt_outs (
    org_id       uuid NOT NULL,
    hash         bytea NOT NULL CHECK (length(hash) = 32),
    channel_id   uuid NOT NULL,
    opted_out_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, hash, channel_id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
COMMENT ON TABLE erased_opt_outs IS
    'Who had opted out of bulk over which channel when they were erased. Who comes again as a new contact has opted out '
    'still: the row becomes its conversation.';
COMMENT ON COLUMN erased_opt_outs.hash IS 'Of the phone or the user id, and the org, with erasure_key.';
COMMENT ON COLUMN erased_opt_outs.opted_out_at IS 'As the conversation had it.';

CREATE TABLE erasures (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       text NOT NULL DEFAULT session_user,
    contact_ids bigint[] NOT NULL,
    erased      jsonb NOT NULL,
    waits_for   text[],
    finished_at timestamptz,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE erasures IS 'What was erased, and by whom; nothing of the persons themselves.';
COMMENT ON COLUMN erasures.at IS 'When.';
COMMENT ON COLUMN erasures.actor IS 'The role that was connected.';
COMMENT ON COLUMN erasures.contact_ids IS 'The rows of contacts that were the person.';
COMMENT ON COLUMN erasures.erased IS 'How many of what.';
COMMENT ON COLUMN erasures.waits_for IS
    'The transactions that may still write to one of these contacts, as they knew it before; null: not looked at yet.';
COMMENT ON COLUMN erasures.finished_at IS 'When their messages were done, too; null: they are not yet.';
CREATE INDEX erasures_open ON erasures (org_id, id) WHERE finished_at IS NULL;

ALTER TABLE messages ADD COLUMN body_gone_at timestamptz;
COMMENT ON COLUMN messages.body_gone_at IS
    'When what it says (payload, text, summary, media) was deleted: its org keeps bodies no longer, or its contact was '
    'erased. Null: it is there.';

ALTER TABLE organizations ADD COLUMN keep_bodies_for interval CHECK (keep_bodies_for > interval '0');
COMMENT ON COLUMN organizations.keep_bodies_for IS
    'So long, and an hour or two, it is kept what a message says, from when it came here, or at least until it has left; '
    'null: for ever.';
CREATE INDEX organizations_keeping ON organizations (keep_bodies_for) WHERE keep_bodies_for IS NOT NULL;

CREATE TABLE body_walks (
    keep_for interval PRIMARY KEY,
    next_id  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
COMMENT ON TABLE body_walks IS
    'Up to which message the bodies were deleted of the orgs that keep them for so long (worker/delete_bodies.sql). '
    'Whoever sets it has the walk begin anew.';
COMMENT ON COLUMN body_walks.keep_for IS 'Of organizations.keep_bodies_for.';
COMMENT ON COLUMN body_walks.next_id IS 'What stands behind this id in messages was not looked at yet.';

CREATE TABLE late_bodies (
    org_id     uuid NOT NULL,
    message_id uuid NOT NULL,
    due_at     timestamptz NOT NULL,
    PRIMARY KEY (message_id, org_id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id) ON DELETE CASCADE
);
COMMENT ON TABLE late_bodies IS 'Messages that still had to leave when their bodies were to be deleted.';
COMMENT ON COLUMN late_bodies.message_id IS 'Which.';
COMMENT ON COLUMN late_bodies.due_at IS 'When to look again.';
CREATE INDEX late_bodies_due ON late_bodies (due_at);
