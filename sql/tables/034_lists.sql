-- By what lists find messages and conversations, and what the timeline of a message lacked.
--
-- (Where messages are many, making an index keeps everybody from writing meanwhile. Who has made those of messages
-- beforehand, under these names, by CREATE INDEX CONCURRENTLY, waits for none: CHANGELOG.md.)

-- Ids begin with their time: each is an org's, or a contact's, messages in the order in which they came here. (Ids of
-- contacts are no two orgs'.) The condition always holds, and is there for the planner: who does not say it, as all look
-- one message up by its id and its org, is never made to read the org's from the first one on because they seem few.
CREATE INDEX IF NOT EXISTS messages_org ON messages (org_id, id) WHERE attempts >= 0;
CREATE INDEX IF NOT EXISTS messages_contact ON messages (contact_id, id) WHERE attempts >= 0;
-- What failed, or did for a time; no accept writes it.
CREATE INDEX IF NOT EXISTS messages_error ON messages (org_id, id) WHERE error_code IS NOT NULL;

ALTER TABLE messages ADD COLUMN claimed_at timestamptz, ADD COLUMN took_ms integer;
COMMENT ON COLUMN messages.claimed_at IS
    'When a worker took it for the attempt that ended sent; null: none has, or it was before this was kept.';
COMMENT ON COLUMN messages.took_ms IS 'From then on so long, until it was recorded that Meta has it.';

ALTER TABLE conversations
    ADD COLUMN newest_id uuid,
    ADD COLUMN unread boolean NOT NULL DEFAULT false,
    ADD COLUMN read_until uuid;
COMMENT ON COLUMN conversations.newest_id IS
    'Its place in lists: the id of its newest message, or of one of up to a minute before that; of the time before this '
    'was kept an id of that time. Null: nobody has written.';
COMMENT ON COLUMN conversations.unread IS 'The contact has written since it was last marked as read.';
COMMENT ON COLUMN conversations.read_until IS 'The newest message that is read; null: none was marked.';
UPDATE conversations
   SET newest_id = (lpad(to_hex(greatest(floor(extract(epoch FROM last_inbound_at) * 1000), 0)::bigint), 12, '0')
                    || left(md5(channel_id::text || contact_id), 20))::uuid
 WHERE last_inbound_at IS NOT NULL;
CREATE INDEX conversations_newest ON conversations (org_id, newest_id) WHERE newest_id IS NOT NULL;
CREATE INDEX conversations_unread ON conversations (org_id, newest_id) WHERE unread;
