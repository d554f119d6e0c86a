-- delete_idempotency_keys: those that are older; returns how many.
CREATE OR REPLACE FUNCTION delete_idempotency_keys(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
DECLARE
    v_deleted bigint;
BEGIN
    DELETE FROM idempotency_keys k
     WHERE (k.org_id, k.key) IN (
           SELECT o.org_id, o.key FROM idempotency_keys o
            WHERE o.created_at < now() - p_age_s * interval '1 second'
            ORDER BY o.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END $$;
