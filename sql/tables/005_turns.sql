-- When more is due than the scheduler takes at once, the channels take turns: what is due of one of them, in
-- its order, without reading what is due of the others.

CREATE INDEX outbox_turns ON outbox (channel_id, look_at, seq, message_id) WHERE look_at IS NOT NULL;
