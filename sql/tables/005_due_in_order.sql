-- What is due is found in its order, however much of it is due at the same moment: a campaign has one send_at.

CREATE INDEX outbox_look_order ON outbox (look_at, seq, message_id) WHERE look_at IS NOT NULL;
DROP INDEX outbox_look;
