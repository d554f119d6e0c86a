-- expire_media: up to p_limit files that have been kept for as long as their org keeps any are gone from now on, and
-- removed soon (take_media_to_remove). Returns how many. What Meta has forgotten of files that were sent is forgotten here.
CREATE OR REPLACE FUNCTION expire_media(p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_expired bigint;
BEGIN
    WITH RECURSIVE head AS (
        (SELECT m.org_id FROM media m WHERE m.state = 'kept' ORDER BY m.org_id, m.kept_at LIMIT 1)
        UNION ALL
        SELECT n.org_id FROM head h CROSS JOIN LATERAL (
               SELECT m.org_id FROM media m WHERE m.state = 'kept' AND m.org_id > h.org_id
                ORDER BY m.org_id, m.kept_at LIMIT 1) n
    ), old AS MATERIALIZED (
        SELECT k.org_id, k.id FROM head h JOIN organizations o ON o.id = h.org_id
         CROSS JOIN LATERAL (
               SELECT m.org_id, m.id FROM media m
                WHERE m.state = 'kept' AND m.org_id = o.id AND m.kept_at < now() - media_lifetime(o, true)
                  AND m.kept_at < now() - media_lifetime(o, m.message_id IS NOT NULL)
                ORDER BY m.kept_at LIMIT p_limit) k
         LIMIT p_limit
    )
    UPDATE media m SET state = 'gone', next_at = clock_timestamp()
      FROM old d
     WHERE m.org_id = d.org_id AND m.id = d.id AND m.state = 'kept';
    GET DIAGNOSTICS v_expired = ROW_COUNT;
    DELETE FROM media_at_meta a
     WHERE (a.org_id, a.media_id, a.channel_id) = ANY (
           SELECT t.org_id, t.media_id, t.channel_id FROM media_at_meta t
            WHERE t.uploaded_at < now() - media_at_meta_for() ORDER BY t.uploaded_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    RETURN v_expired;
END $$;
