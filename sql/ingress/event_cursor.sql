-- event_cursor: a place among events as callers are told it.
CREATE OR REPLACE FUNCTION event_cursor(p_xact xid8, p_id uuid) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN to_hex(p_xact::text::bigint) || '.' || replace(p_id::text, '-', '');
