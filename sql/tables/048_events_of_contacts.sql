-- Events that are about a contact and no message: they are found when it is erased.
CREATE INDEX events_contact ON events (contact_id) WHERE contact_id IS NOT NULL AND message_id IS NULL;
