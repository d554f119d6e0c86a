-- Messages that end without a dispatch of their own: cancelled, expired, given up.

-- end_sends: fails those of these messages that stand in one of these states, takes them out of the outbox,
-- refunds what the outcome's rule says, and calls up the next ones to their contacts. Returns a row for
-- each that was ended.
CREATE OR REPLACE FUNCTION end_sends(p_org_ids uuid[], p_message_ids uuid[], p_outcome text,
                                     p_error_message text, p_states text[], p_publish boolean)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_refund   boolean := (find_error_rule(p_outcome)).refundable;
    v_orgs     uuid[];
    v_ended    uuid[];
    v_tries    smallint[];
    v_channels uuid[];
    v_contacts bigint[];
    v_released uuid[];
BEGIN
    PERFORM lock_wallets(p_org_ids);
    WITH gone AS (
        DELETE FROM outbox o
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND o.state = ANY (p_states)
        RETURNING o.org_id, o.message_id, o.attempt, o.channel_id, o.contact_id
    )
    SELECT array_agg(g.org_id), array_agg(g.message_id), array_agg(g.attempt), array_agg(g.channel_id),
           array_agg(g.contact_id)
      INTO v_orgs, v_ended, v_tries, v_channels, v_contacts FROM gone g;
    IF v_ended IS NULL THEN
        RETURN;
    END IF;
    IF v_refund THEN
        PERFORM refund_sends(v_orgs, v_ended, array_fill(p_outcome, ARRAY[cardinality(v_ended)]));
    END IF;
    UPDATE messages m
       SET status = 'failed', attempts = i.attempt, refunded = v_refund AND m.fee > 0,
           error_code = p_outcome, error_message = p_error_message, failed_at = clock_timestamp()
      FROM unnest(v_orgs, v_ended, v_tries) AS i (org_id, message_id, attempt)
     WHERE m.id = i.message_id AND m.org_id = i.org_id;
    v_released := call_up_next(v_orgs, v_channels, v_contacts, p_publish);
    RETURN QUERY
    SELECT i.org_id, i.message_id, m.refunded, i.released_id
      FROM unnest(v_orgs, v_ended, v_released) AS i (org_id, message_id, released_id)
      JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id;
END $$;

-- cancel_send: the customer does not want it sent after all. `cancelled`, also when it had been before;
-- `too_late` once it is on its way; `not_found`. The scheduler publishes what stood behind it.
CREATE OR REPLACE FUNCTION cancel_send(p_org_id uuid, p_message_id uuid)
RETURNS TABLE (verdict text, refunded boolean) -- refunded: by this call
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    SELECT 'cancelled', e.refunded INTO verdict, refunded
      FROM end_sends(ARRAY[p_org_id], ARRAY[p_message_id], 'cancelled', NULL,
                     ARRAY['scheduled', 'held'], false) e;
    IF NOT FOUND THEN
        SELECT CASE WHEN m.error_code = 'cancelled' AND m.status = 'failed' THEN 'cancelled'
                    ELSE 'too_late' END
          INTO verdict
          FROM messages m
         WHERE m.id = p_message_id AND m.org_id = p_org_id AND m.direction = 'outbound';
        verdict := coalesce(verdict, 'not_found');
        refunded := false;
    END IF;
    RETURN NEXT;
END $$;

-- expire_sends: what is past its not_after fails, in the order in which it was to leave.
CREATE OR REPLACE FUNCTION expire_sends(p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off -- as release_due_sends
AS $$
DECLARE
    v_now         timestamptz := clock_timestamp();
    v_org_ids     uuid[];
    v_message_ids uuid[];
BEGIN
    SELECT array_agg(l.org_id), array_agg(l.message_id) INTO v_org_ids, v_message_ids
      FROM (SELECT o.org_id, o.message_id FROM outbox o
             WHERE o.look_at <= v_now AND o.not_after <= v_now AND o.state IN ('scheduled', 'held')
             ORDER BY o.look_at LIMIT p_limit OFFSET p_skip) l;
    RETURN QUERY SELECT e.* FROM end_sends(v_org_ids, v_message_ids, 'expired', NULL,
                                           ARRAY['scheduled', 'held'], true) e;
END $$;

-- fail_poison_sends: jobs that were given to one worker after the other, each of which died.
CREATE OR REPLACE FUNCTION fail_poison_sends(p_org_ids uuid[], p_message_ids uuid[])
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT e.* FROM end_sends(p_org_ids, p_message_ids, 'poison',
                              'Each worker that took it died', ARRAY['queued'], true) e;
$$;

-- unconfirm_sends: what has been `sending` for longer than p_age_ms was claimed by a worker that is gone.
-- Whether Meta has it nobody knows: it is not posted again.
CREATE OR REPLACE FUNCTION unconfirm_sends(p_age_ms bigint, p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    v_orgs     uuid[];
    v_gone     uuid[];
    v_channels uuid[];
    v_contacts bigint[];
    v_released uuid[];
BEGIN
    WITH old AS (
        SELECT o.message_id FROM outbox o
         WHERE o.state = 'sending' AND o.claimed_at < clock_timestamp() - p_age_ms * interval '1 ms'
         ORDER BY o.seq LIMIT p_limit OFFSET p_skip FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM outbox o
         WHERE o.message_id = ANY (ARRAY(SELECT d.message_id FROM old d)) AND o.state = 'sending'
        RETURNING o.*
    ), told AS (
        UPDATE messages m
           SET status = 'unconfirmed', unconfirmed_at = clock_timestamp(), attempts = g.attempt,
               error_code = 'network:after_write',
               error_message = 'The worker was lost before the answer came'
          FROM gone g WHERE m.id = g.message_id AND m.org_id = g.org_id
    ), tried AS (
        INSERT INTO attempts (org_id, message_id, attempt, outcome, error_message, claimed_at)
        SELECT g.org_id, g.message_id, g.attempt, 'network:after_write',
               'The worker was lost before the answer came', g.claimed_at FROM gone g
    )
    SELECT array_agg(g.org_id), array_agg(g.message_id), array_agg(g.channel_id),
           array_agg(g.contact_id)
      INTO v_orgs, v_gone, v_channels, v_contacts FROM gone g;
    v_released := call_up_next(v_orgs, v_channels, v_contacts, true);
    RETURN QUERY
    SELECT i.org_id, i.message_id, false, i.released_id
      FROM unnest(v_orgs, v_gone, v_released) AS i (org_id, message_id, released_id);
END $$;

-- fail_unheard_sends: what has been unconfirmed for longer than p_window_s, without a word of Meta's, has
-- failed, and is refunded by the rule of the outcome that left it so.
CREATE OR REPLACE FUNCTION fail_unheard_sends(p_window_s bigint, p_limit bigint,
                                              p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    v_orgs    uuid[];
    v_unheard uuid[];
BEGIN
    SELECT array_agg(u.org_id), array_agg(u.id) INTO v_orgs, v_unheard
      FROM (SELECT m.org_id, m.id FROM messages m
             WHERE m.unconfirmed_at < clock_timestamp() - p_window_s * interval '1 second'
             ORDER BY m.unconfirmed_at LIMIT p_limit OFFSET p_skip) u;
    PERFORM lock_wallets(v_orgs);
    WITH failed AS (
        UPDATE messages m
           SET status = 'failed', failed_at = clock_timestamp(), unconfirmed_at = NULL,
               refunded = m.fee > 0 AND is_refundable(find_error_rule(m.error_code), m.error_transient)
         WHERE m.id = ANY (v_unheard) AND m.org_id = ANY (v_orgs) AND m.status = 'unconfirmed'
           AND m.unconfirmed_at < clock_timestamp() - p_window_s * interval '1 second'
        RETURNING m.org_id, m.id, m.refunded
    )
    SELECT array_agg(f.org_id), array_agg(f.id) INTO v_orgs, v_unheard FROM failed f;
    PERFORM refund_sends(array_agg(m.org_id), array_agg(m.id), array_agg(m.error_code || ', unheard of'))
       FROM messages m WHERE m.id = ANY (v_unheard) AND m.org_id = ANY (v_orgs) AND m.refunded
     HAVING count(*) > 0;
    RETURN QUERY
    SELECT m.org_id, m.id, m.refunded, NULL::uuid
      FROM messages m WHERE m.id = ANY (v_unheard) AND m.org_id = ANY (v_orgs);
END $$;
