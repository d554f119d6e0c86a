-- delete_receipts: receipts that had their end so long ago go, with all that is kept of them; returns how many. Their
-- idempotency keys go first (delete_idempotency_keys).
CREATE OR REPLACE FUNCTION delete_receipts(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_gone    uuid[];
    v_deleted bigint;
BEGIN
    SELECT array_agg(g.message_id) INTO v_gone
      FROM (SELECT r.message_id FROM receipts r
             WHERE r.ends_at < now() - p_age_s * interval '1 second'
               AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = r.message_id AND o.org_id = r.org_id)
               AND NOT EXISTS (SELECT FROM idempotency_keys k
                                WHERE k.org_id = r.org_id AND k.key = r.key AND k.message_id = r.message_id)
             ORDER BY r.ends_at LIMIT p_limit FOR UPDATE SKIP LOCKED) g;
    DELETE FROM attempts a USING receipts r
     WHERE r.message_id = ANY (v_gone) AND a.message_id = r.message_id AND a.org_id = r.org_id;
    DELETE FROM messages m USING receipts r
     WHERE r.message_id = ANY (v_gone) AND m.id = r.message_id AND m.org_id = r.org_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END $$;
