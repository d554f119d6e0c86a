-- expire_sends: what is past its not_after fails, in the order in which it was to leave. What is of an org whose
-- wallet somebody holds is looked at again in a second.
CREATE OR REPLACE FUNCTION expire_sends(p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_now  timestamptz := clock_timestamp();
    v_from timestamptz := look_from('expired');
    v_late record; -- of each an array
    v_free uuid[]; -- orgs whose wallets are locked
BEGIN
    SELECT array_agg(l.org_id) AS orgs, array_agg(l.message_id) AS messages, count(*) AS n INTO v_late
      FROM (SELECT o.org_id, o.message_id FROM outbox o
             WHERE o.look_at BETWEEN v_from AND v_now AND o.not_after <= v_now AND o.state IN ('scheduled', 'held')
             ORDER BY o.look_at LIMIT p_limit OFFSET p_skip) l;
    IF v_late.n < p_limit AND p_skip = 0 THEN
        PERFORM keep_look('expired', v_now, v_from, v_now);
    END IF;
    IF v_late.n = 0 THEN
        RETURN;
    END IF;
    v_free := lock_free_wallets(v_late.orgs);
    PERFORM put_off_held(v_late.orgs, v_late.messages, v_free) WHERE NOT v_late.orgs <@ v_free;
    RETURN QUERY SELECT e.* FROM end_sends(v_free, v_late.messages, 'expired', NULL,
                                           ARRAY['scheduled', 'held'], true) e;
END $$;
