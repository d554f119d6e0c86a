-- Lists read what has settled by indexes that no accept writes, and what waits from the outbox.
--
-- (Where messages are many, making an index keeps everybody from writing meanwhile. Who has made the two of messages
-- beforehand, under these names, by CREATE INDEX CONCURRENTLY, waits for none: CHANGELOG.md.)

-- A message comes in here once it is known what came of it, when all its indexes are written anyway: one that was accepted
-- with its wamid, its outcome or its attempts; one that was received, or came from elsewhere, at once. Until then it stands
-- in the outbox.
-- (Written in a way that follows from nothing else, so that it is only read by who says the same: as all look one message
-- up by its id and its org, nobody is made to read the org's from the first one on because they seem few.)
CREATE INDEX IF NOT EXISTS messages_org_settled ON messages (org_id, id)
 WHERE coalesce(wamid, error_code, origin) IS NOT NULL OR attempts > 0 OR direction = 'inbound';
CREATE INDEX IF NOT EXISTS messages_contact_settled ON messages (contact_id, id)
 WHERE coalesce(wamid, error_code, origin) IS NOT NULL OR attempts > 0 OR direction = 'inbound';
DROP INDEX messages_org, messages_contact;

-- (Its condition always holds, and lists alone say it: as above. It names nothing that claiming changes.)
CREATE INDEX outbox_org ON outbox (org_id, message_id) WHERE length(priority) > 0;
