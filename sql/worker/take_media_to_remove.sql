-- take_media_to_remove: up to p_limit files that are not kept any more, for a worker that removes them; should it not
-- say so (end_media) they are another's p_lease_s later.
CREATE OR REPLACE FUNCTION take_media_to_remove(p_limit bigint, p_lease_s bigint)
RETURNS TABLE (org_id uuid, id uuid, file text)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT m.org_id, m.id FROM media m
         WHERE m.state IN ('failed', 'gone') AND m.file IS NOT NULL AND m.next_at <= clock_timestamp()
         ORDER BY m.next_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE media m SET next_at = clock_timestamp() + p_lease_s * interval '1 second'
      FROM due d WHERE m.org_id = d.org_id AND m.id = d.id
    RETURNING m.org_id, m.id, m.file;
$$;
