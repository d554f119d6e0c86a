-- Whom tenants write to, and who has written to them.
--
-- Neither table has foreign keys, nor has any other that a batch of sends or of webhooks writes: row by row
-- they halve the rate. core/tenancy.sql enforces the same set by set.

CREATE TABLE contacts (
    org_id     uuid NOT NULL,
    id         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    phone      text CHECK (phone ~ '^[1-9][0-9]{6,14}$'),
    user_id    text,
    name       text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, phone),
    CHECK (phone IS NOT NULL OR user_id IS NOT NULL)
);
COMMENT ON TABLE contacts IS 'The people at the other end, each org''s own. Never deleted.';
COMMENT ON COLUMN contacts.phone IS 'With its country code, digits alone; null: the contact hides it.';
COMMENT ON COLUMN contacts.user_id IS 'Meta''s business-scoped user id; null: not told yet.';
COMMENT ON COLUMN contacts.name IS 'Of the profile; null: not told yet.';
CREATE UNIQUE INDEX contacts_user_id ON contacts (org_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE conversations (
    org_id           uuid NOT NULL,
    channel_id       uuid NOT NULL,
    contact_id       bigint NOT NULL,
    last_inbound_at  timestamptz,
    first_message_id uuid,
    opted_out_at     timestamptz,
    preference_at    timestamptz,
    PRIMARY KEY (org_id, channel_id, contact_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE conversations IS
    'One channel and one contact; made when that contact first writes or opts out, never by a send.';
COMMENT ON COLUMN conversations.last_inbound_at IS
    'When the contact last wrote, by Meta''s clock, or up to a minute before that.';
COMMENT ON COLUMN conversations.first_message_id IS 'What the contact wrote first.';
COMMENT ON COLUMN conversations.opted_out_at IS 'Since when the contact wants no bulk; null: it does not mind.';
COMMENT ON COLUMN conversations.preference_at IS
    'When the contact last opted out or in, by Meta''s clock: an older wish that comes later changes nothing.';
