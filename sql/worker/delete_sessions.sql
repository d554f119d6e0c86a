-- delete_sessions: sessions that have ended so long ago go; returns how many.
CREATE OR REPLACE FUNCTION delete_sessions(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_deleted bigint;
BEGIN
    DELETE FROM sessions d
     WHERE d.ctid = ANY (ARRAY( -- that are locked, and so stay where they are
           SELECT e.ctid FROM sessions e
            WHERE least(e.expires_at, e.revoked_at) < now() - p_age_s * interval '1 second'
            ORDER BY least(e.expires_at, e.revoked_at) LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END $$;
