-- event_rank: how far a message is that this is told of; of one message's a higher one counts more, whichever comes first.
CREATE OR REPLACE FUNCTION event_rank(p_type text) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE p_type WHEN 'message.accepted' THEN 0 WHEN 'message.unconfirmed' THEN 1 WHEN 'message.sent' THEN 2
                   WHEN 'message.failed' THEN 3 WHEN 'message.delivered' THEN 4 WHEN 'message.read' THEN 5
                   WHEN 'message.received' THEN 0 END;
