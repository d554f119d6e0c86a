-- unconfirm_sends: what has been `sending` for longer than p_age_ms was claimed by a worker that is gone.
-- Whether Meta has it nobody knows: it is not posted again.
CREATE OR REPLACE FUNCTION unconfirm_sends(p_age_ms bigint, p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_before   timestamptz := clock_timestamp() - p_age_ms * interval '1 ms';
    v_from     timestamptz := look_from('flying'); -- find_lost_sends keeps it
    v_gone     record; -- of each an array
    v_released uuid[];
BEGIN
    WITH old AS (
        SELECT o.message_id FROM outbox o
         WHERE o.look_at IS NULL AND o.state = 'sending' AND o.claimed_at < v_before
           AND o.queued_at >= v_from AND o.queued_at < v_before
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
          FROM gone g WHERE m.id = ANY (ARRAY[g.message_id]) AND m.org_id = g.org_id
    ), tried AS (
        INSERT INTO attempts (org_id, message_id, attempt, outcome, error_message, claimed_at)
        SELECT g.org_id, g.message_id, g.attempt, 'network:after_write',
               'The worker was lost before the answer came', g.claimed_at FROM gone g
    )
    SELECT array_agg(g.org_id) AS orgs, array_agg(g.message_id) AS messages, array_agg(g.channel_id) AS channels,
           array_agg(g.contact_id) AS contacts INTO v_gone FROM gone g;
    PERFORM tell_of_ends(v_gone.orgs, v_gone.messages);
    v_released := call_up_next(v_gone.orgs, v_gone.channels, v_gone.contacts, true);
    RETURN QUERY
    SELECT i.org_id, i.message_id, false, i.released_id
      FROM unnest(v_gone.orgs, v_gone.messages, v_released) AS i (org_id, message_id, released_id);
END $$;
