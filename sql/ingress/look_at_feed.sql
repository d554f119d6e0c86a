-- look_at_feed: the org's next events behind that place, of these types (NULL: all) and of that channel (NULL: any, and
-- none), up to p_limit; looked at are so many and no more. until_xact, until_id: so far all were looked at, or, of a page
-- that is full, are in it; is_end: there is nothing behind that yet. Told is what was written by transactions before which
-- none is under way any more: so that what commits late is not skipped.
CREATE OR REPLACE FUNCTION look_at_feed(p_org_id uuid, p_xact xid8, p_id uuid, p_types text[], p_channel_id uuid, p_limit bigint,
                                        OUT news events[], OUT until_xact xid8, OUT until_id uuid, OUT is_end boolean)
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_at CONSTANT bigint := 2000;
    v_end CONSTANT xid8 := pg_snapshot_xmin(pg_current_snapshot());
    v_seen record;
BEGIN
    SELECT array_agg(e ORDER BY e.xact, e.id) FILTER (
               WHERE e.type NOT LIKE 'meta.%' AND (p_types IS NULL OR is_asked(p_types, e.type))
                 AND (p_channel_id IS NULL OR e.channel_id = p_channel_id)) AS wanted,
           count(*) AS n, (array_agg(e.xact ORDER BY e.xact DESC, e.id DESC))[1] AS xact,
           (array_agg(e.id ORDER BY e.xact DESC, e.id DESC))[1] AS id
      INTO v_seen
      FROM (SELECT * FROM events o
             WHERE o.org_id = p_org_id AND (o.xact, o.id) > (p_xact, p_id) AND o.xact < v_end
             ORDER BY o.xact, o.id LIMIT c_looked_at) e;
    is_end := false;
    IF cardinality(v_seen.wanted) > p_limit THEN
        news := v_seen.wanted[:p_limit];
        until_xact := news[p_limit].xact;
        until_id := news[p_limit].id;
    ELSE
        news := v_seen.wanted;
        is_end := v_seen.n < c_looked_at;
        until_xact := CASE WHEN is_end THEN greatest(v_end, p_xact) ELSE v_seen.xact END;
        until_id := CASE WHEN NOT is_end THEN v_seen.id WHEN p_xact >= v_end THEN p_id
                         ELSE '00000000-0000-0000-0000-000000000000' END;
    END IF;
END $$;
