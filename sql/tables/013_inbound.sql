-- What webhooks mean beyond messages and statuses: groups, edits, what was written in the phone app, history.

ALTER TABLE messages ADD COLUMN group_id text, ADD COLUMN origin text, ADD COLUMN summary text;
-- (NOT VALID: no row has an origin yet, and to look would keep everybody out meanwhile.)
ALTER TABLE messages ADD CONSTRAINT messages_origin CHECK (origin IN ('phone_app', 'history')) NOT VALID;
COMMENT ON COLUMN messages.group_id IS 'The group that it was written in; null: to the number alone.';
COMMENT ON COLUMN messages.origin IS
    'phone_app: the org wrote it in the WhatsApp Business app. history: from the app, from before the number came '
    'here. Null: by Tollgate, or from a customer.';
COMMENT ON COLUMN messages.summary IS 'What it says, in words, where its type has no text.';
COMMENT ON COLUMN messages.text IS
    'What was written, a caption or a button''s title; of an edit the new one. Null for what Tollgate sends.';
COMMENT ON COLUMN messages.payload IS 'What Meta gets; of what Meta tells, its own object.';
COMMENT ON COLUMN messages.error_code IS
    'The outcome that failed it or left it unconfirmed: as in error_rules. Received: why Meta does not show it.';

CREATE TABLE message_changes (
    org_id     uuid NOT NULL,
    message_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    wamid      text NOT NULL,
    PRIMARY KEY (org_id, message_id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
COMMENT ON TABLE message_changes IS
    'Which message an edit or a revocation changes. That one stays as it is: who reads it looks here.';
COMMENT ON COLUMN message_changes.message_id IS 'The message of type edit or revoke.';
COMMENT ON COLUMN message_changes.wamid IS 'Of what it changes, which may come later, or never.';
CREATE INDEX message_changes_wamid ON message_changes (channel_id, wamid);

ALTER TABLE account_notices ADD COLUMN event text;
COMMENT ON COLUMN account_notices.event IS 'Meta''s word for what happened, where it has one.';

ALTER TYPE inbound_item ADD ATTRIBUTE group_id text, ADD ATTRIBUTE summary text, ADD ATTRIBUTE error_code text,
    ADD ATTRIBUTE error_message text, ADD ATTRIBUTE changes text; -- the wamid of the message that it edits or revokes
