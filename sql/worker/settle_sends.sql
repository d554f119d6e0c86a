-- settle_sends: records what came of a batch of dispatches in one transaction. Each outcome's error
-- rule decides: `sent`; `unconfirmed` (Meta may have taken it: no refund now, never posted again);
-- `scheduled` (certainly not taken, and worth another attempt); or `failed`, refunded if the rule says so.
-- Unless it is to be tried again its outbox row goes, and the next message to that contact is called up.
--
-- Only what is still `sending` under the claim that dispatched it is settled, so a batch may be
-- repeated (an answer to COMMIT that got lost): the second time settles nothing, refunds nothing and
-- reports how each message stands. Of two outcomes for one message in a batch the first counts.
--
-- A message that unconfirm_sends has taken for abandoned is settled by the true outcome all the same, if
-- that says more: nobody else has claimed it since, so it is that of the last dispatch.
--
-- A status webhook that overtakes the answer settles its message by itself (apply_statuses): nothing but
-- the time at which Meta took it is left to record then, and what is reported is how the message stands.
--
-- Lock order: wallets by org_id, contacts, outbox, messages, conversations by key, channels. A wallet that is not to be
-- had within a moment ends all of it, as with accept_sends.
CREATE OR REPLACE FUNCTION settle_sends(
    p_org_ids uuid[], p_message_ids uuid[], p_claim_ids uuid[],
    p_outcomes text[],        -- 'sent', Meta's error code, or one of our own such as 'network:refused'
    p_wamids text[], p_error_messages text[],
    p_transients boolean[],   -- Meta's is_transient: judges a code that has no rule
    p_retry_afters bigint[],  -- seconds, Meta's Retry-After
    p_error_subcodes bigint[] DEFAULT NULL, -- Meta's; NULL or 0: none
    p_wa_ids text[] DEFAULT NULL, p_wa_user_ids text[] DEFAULT NULL -- Meta's for the recipient, if other than asked for
) RETURNS TABLE (message_id uuid, settled boolean, status text, refunded boolean, -- a row per
                 unknown_code boolean, error_class text, paused boolean,          -- item, in order
                 released_id uuid) -- the next message to the same contact: it is queued and needs a job
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_items    outcome_item[];
    v_settled  settled_item[];
    v_failures boolean; -- not all are sent
    v_missing  boolean; -- not all are settled
    v_awaited  boolean; -- some org waits only so long for `delivered`
    v_asked    boolean; -- some org is told what became of its messages
    v_recorded record;  -- by record_outcomes
    v_released uuid[];  -- whom each of v_settled has called up
    v_paused   uuid[];  -- channels
BEGIN
    IF something(p_wa_ids) IS NOT NULL OR something(p_wa_user_ids) IS NOT NULL THEN
        PERFORM learn_recipients(p_org_ids, p_message_ids, p_wa_ids, p_wa_user_ids);
    END IF;
    SELECT array_agg(i), bool_or(i.outcome <> 'sent'),
           EXISTS (SELECT FROM organizations o WHERE o.undelivered_after IS NOT NULL),
           EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (p_org_ids))
      INTO v_items, v_failures, v_awaited, v_asked
      FROM list_outcomes(p_org_ids, p_message_ids, p_claim_ids, p_outcomes, p_wamids, p_error_messages,
                         p_transients, p_retry_afters, p_error_subcodes) i;
    IF v_failures THEN
        v_items := ARRAY(SELECT i FROM judge_outcomes(v_items) i);
        PERFORM lock_wallets_soon(array_agg(i.org_id)) FROM unnest(v_items) i WHERE i.is_refunded;
        v_settled := put_off(v_items);
    END IF;
    v_settled := v_settled || take_out(v_items);
    v_missing := coalesce(cardinality(v_settled), 0) < cardinality(v_items);
    IF v_missing THEN
        v_settled := v_settled || correct_abandoned(v_items);
        PERFORM note_sent_at(v_items);
    END IF;
    IF v_failures THEN
        PERFORM refund_sends(array_agg((s.item).org_id), array_agg((s.item).message_id), array_agg((s.item).outcome))
           FROM (SELECT * FROM unnest(v_settled) s ORDER BY (s.item).n) s WHERE (s.item).is_refunded AND s.status = 'failed';
        PERFORM keep_attempts(v_settled);
    END IF;
    v_recorded := record_outcomes(v_settled, v_asked);
    IF v_recorded.any_behind THEN
        PERFORM move_conversations(array_agg((s.item).org_id), array_agg(s.channel_id), array_agg(s.contact_id),
                                   array_agg((s.item).message_id))
           FROM unnest(v_settled) s WHERE s.status <> 'scheduled';
    END IF;
    IF v_awaited THEN
        PERFORM await_deliveries(array_agg((s.item).org_id), array_agg((s.item).message_id))
           FROM unnest(v_settled) s WHERE s.status = 'sent';
    END IF;
    IF v_recorded.any_in_line THEN
        SELECT call_up_next(array_agg((s.item).org_id), array_agg(s.channel_id), -- (Who is tried again keeps its place.)
                            array_agg(CASE WHEN s.status <> 'scheduled' THEN s.contact_id END), true)
          INTO v_released FROM unnest(v_settled) s;
    END IF;
    IF v_failures THEN
        v_paused := act_on_failures(settled_failures(v_settled));
    END IF;
    RETURN QUERY SELECT t.* FROM tell_settled(v_items, v_settled, v_released, v_paused) t;
END $$;
