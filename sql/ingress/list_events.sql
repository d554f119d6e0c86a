-- list_events: a page of the org's events behind a cursor (event_place), the oldest first, as a JSON document; its first
-- call has them written from then on. Types: divided by commas, as in message.failed,channel.*. With the caller's rights, as
-- get_message. is_end: none is left, so that who wants more has to wait; next_after goes on from there.
CREATE OR REPLACE FUNCTION list_events(p_org_id uuid, p_after text, p_types text, p_channel_id uuid, p_limit bigint)
RETURNS TABLE (document json, events bigint, is_end boolean, next_after text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_types text[];
    v_place record;
    v_look  record;
BEGIN
    PERFORM read_for(p_org_id);
    v_types := event_types_named(p_types);
    PERFORM begin_feed(p_org_id);
    v_place := event_place(p_after);
    v_look := look_at_feed(p_org_id, v_place.xact, v_place.id, v_types, p_channel_id, p_limit);
    next_after := event_cursor(v_look.until_xact, v_look.until_id);
    events := coalesce(cardinality(v_look.news), 0);
    is_end := v_look.is_end;
    document := json_build_object(
        'events', (SELECT coalesce(json_agg(event_document(e) ORDER BY e.xact, e.id), '[]'::json) FROM unnest(v_look.news) e),
        'next_after', next_after);
    RETURN NEXT;
END $$;
