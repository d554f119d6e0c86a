-- admin_list_events: an org's events, newest first, as its feed has them (types, channel_id); nothing begins to be written
-- by it. A cursor is a place among them (event_cursor).
CREATE OR REPLACE FUNCTION admin_list_events(p_org_id uuid, p_find json, p_before text, p_limit bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_at CONSTANT integer := 20000; -- of so many at the most
    v_types              text[] := event_types_named(p_find ->> 'types');
    v_channel_id         uuid := (p_find ->> 'channel_id')::uuid;
    v_place              record;
BEGIN
    PERFORM org_named(p_org_id);
    v_place := event_place(coalesce(p_before, event_cursor(pg_snapshot_xmax(pg_current_snapshot()), p_org_id)), 'before');
    RETURN (SELECT page_of('events', p_limit, array_agg(event_document(l.e) ORDER BY (l.e).xact DESC, (l.e).id DESC),
                           array_agg(to_json(event_cursor((l.e).xact, (l.e).id)) ORDER BY (l.e).xact DESC, (l.e).id DESC))
              FROM (SELECT n.e FROM (
                        SELECT e, e.type, e.channel_id FROM events e
                         WHERE e.org_id = p_org_id AND (e.xact, e.id) < (v_place.xact, v_place.id)
                         ORDER BY e.xact DESC, e.id DESC LIMIT c_looked_at) n
                     WHERE n.type NOT LIKE 'meta.%' AND (v_types IS NULL OR is_asked(v_types, n.type))
                       AND (v_channel_id IS NULL OR n.channel_id = v_channel_id)
                     ORDER BY (n.e).xact DESC, (n.e).id DESC LIMIT p_limit + 1) l);
END $$;
