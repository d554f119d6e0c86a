-- delete_console_links: links to the console that were used, or are good no more, for so long go; returns how many.
CREATE OR REPLACE FUNCTION delete_console_links(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_deleted bigint;
BEGIN
    DELETE FROM console_links d
     WHERE d.ctid = ANY (ARRAY( -- that are locked, and so stay where they are
           SELECT e.ctid FROM console_links e
            WHERE least(e.expires_at, e.used_at) < now() - p_age_s * interval '1 second'
            ORDER BY least(e.expires_at, e.used_at) LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END $$;
