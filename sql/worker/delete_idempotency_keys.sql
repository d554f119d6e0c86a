-- delete_idempotency_keys: those that are older; returns how many.
CREATE OR REPLACE FUNCTION delete_idempotency_keys(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_began   timestamptz := clock_timestamp();
    v_from    timestamptz := look_from('keys');
    v_before  timestamptz := now() - p_age_s * interval '1 second';
    v_deleted bigint;
BEGIN
    DELETE FROM idempotency_keys k
     WHERE k.ctid = ANY (ARRAY( -- that are locked, and so stay where they are
           SELECT o.ctid FROM idempotency_keys o
            WHERE o.created_at >= v_from AND o.created_at < v_before
            ORDER BY o.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    IF v_deleted < p_limit THEN
        PERFORM keep_look('keys', v_began, v_from, v_before);
    END IF;
    RETURN v_deleted;
END $$;
