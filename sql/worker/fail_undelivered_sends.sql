-- fail_undelivered_sends: what has been sent for longer than its org's undelivered_after, without a word of its
-- delivery, has failed, and is refunded as the rule `undelivered` says. Delivered after all it is charged again
-- (apply_statuses).
--
-- Lock order: wallets by org, messages by id.
CREATE OR REPLACE FUNCTION fail_undelivered_sends(p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now    timestamptz := clock_timestamp();
    v_refund boolean := (SELECT r.refundable FROM error_rule_of('undelivered') r);
    v_late   record; -- of each an array
BEGIN
    SELECT array_agg(l.org_id) AS orgs, array_agg(l.message_id) AS messages INTO v_late
      FROM (SELECT a.org_id, a.message_id FROM awaited a
             WHERE a.due_at <= v_now ORDER BY a.due_at LIMIT p_limit OFFSET p_skip) l;
    IF v_late.messages IS NULL THEN
        RETURN;
    END IF;
    v_late.orgs := lock_free_wallets(v_late.orgs);
    PERFORM FROM messages m WHERE m.id = ANY (v_late.messages) AND m.org_id = ANY (v_late.orgs)
      ORDER BY m.id FOR NO KEY UPDATE;
    DELETE FROM awaited a WHERE a.message_id = ANY (v_late.messages) AND a.org_id = ANY (v_late.orgs);
    WITH failed AS (
        UPDATE messages m
           SET status = 'failed', failed_at = v_now, error_code = 'undelivered', refunded = v_refund AND m.fee > 0
         WHERE m.id = ANY (v_late.messages) AND m.org_id = ANY (v_late.orgs) AND m.status = 'sent'
        RETURNING m.org_id, m.id
    )
    SELECT array_agg(f.org_id) AS orgs, array_agg(f.id) AS messages INTO v_late FROM failed f;
    IF v_refund THEN
        PERFORM refund_sends(v_late.orgs, v_late.messages, '{undelivered}');
    END IF;
    PERFORM tell_of_ends(v_late.orgs, v_late.messages);
    RETURN QUERY
    SELECT m.org_id, m.id, m.refunded, NULL::uuid
      FROM messages m WHERE m.id = ANY (v_late.messages) AND m.org_id = ANY (v_late.orgs);
END $$;
