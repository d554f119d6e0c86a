-- end_sends: fails those of these messages that stand in one of these states, takes them out of the outbox,
-- refunds what the outcome's rule says, and calls up the next ones to their contacts. Returns a row for
-- each that was ended.
CREATE OR REPLACE FUNCTION end_sends(p_org_ids uuid[], p_message_ids uuid[], p_outcome text,
                                     p_error_message text, p_states text[], p_publish boolean)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_refund   boolean := (SELECT r.refundable FROM error_rule_of(p_outcome) r);
    v_gone     record; -- of each an array
    v_released uuid[];
BEGIN
    PERFORM lock_wallets(p_org_ids);
    WITH gone AS (
        DELETE FROM outbox o
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids) AND o.state = ANY (p_states)
        RETURNING o.*
    )
    SELECT array_agg(g.org_id) AS orgs, array_agg(g.message_id) AS messages, array_agg(g.attempt) AS attempts,
           array_agg(g.channel_id) AS channels, array_agg(g.contact_id) AS contacts,
           array_agg(g.state = 'held') AS were_held INTO v_gone FROM gone g;
    IF v_gone.messages IS NULL THEN
        RETURN;
    END IF;
    IF v_refund THEN
        PERFORM refund_sends(v_gone.orgs, v_gone.messages, ARRAY[p_outcome]);
    END IF;
    UPDATE messages m
       SET status = 'failed', attempts = i.attempt, refunded = v_refund AND m.fee > 0,
           error_code = p_outcome, error_message = p_error_message, failed_at = clock_timestamp()
      FROM unnest(v_gone.orgs, v_gone.messages, v_gone.attempts) AS i (org_id, message_id, attempt)
     WHERE m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id;
    PERFORM tell_of_ends(v_gone.orgs, v_gone.messages);
    v_released := call_up_next(v_gone.orgs, v_gone.channels, v_gone.contacts, p_publish, v_gone.were_held);
    RETURN QUERY
    SELECT i.org_id, i.message_id, m.refunded, i.released_id
      FROM unnest(v_gone.orgs, v_gone.messages, v_released) AS i (org_id, message_id, released_id)
      JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id;
END $$;
