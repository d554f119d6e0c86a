-- event_name: how an event is named outside: the webhook-id, and the id in feeds.
CREATE OR REPLACE FUNCTION event_name(p_id uuid) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'evt_' || replace(p_id::text, '-', '');
