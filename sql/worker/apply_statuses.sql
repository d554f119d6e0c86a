-- apply_statuses: what Meta tells of messages that it has taken. Moves them forward only, keeps each
-- status's own time, and moves the money that follows from a failure, all in one transaction.
--
-- The statuses of a message come in any order, doubled, or before the answer to the send; what they leave
-- behind is the same. read is further than delivered, and that than sent; a failure is final unless the
-- message is delivered all the same. A failure whose rule says so is refunded, once; delivered after a
-- refund takes the fee again, once, if the balance carries it, and is waived if not.
--
-- A status proves that Meta has the message: its outbox row goes, it will not be posted again, and the next
-- message to that contact is called up.
--
-- A message is found by the id that we gave Meta with it, else by wamid within the channel of the number
-- that the status came from. The first of these look-ups is the one that must see other orgs' messages:
-- a status that names one of those does nothing.
--
-- Lock order: wallets by org (of what may fail or may have been refunded), contacts, outbox by message, messages by
-- id, channels. A refund that is seen only once the messages are locked takes its wallet late; should
-- that ever meet somebody who holds it and waits for us, one of the two is told to try again.
CREATE OR REPLACE FUNCTION apply_statuses(
    p_phone_number_ids text[], p_wamids text[],
    p_message_ids uuid[],                         -- biz_opaque_callback_data; NULL: none that could be ours
    p_statuses text[],                            -- sent, delivered, read, failed
    p_times bigint[],                             -- Unix seconds, Meta's
    p_pricings text[],                            -- Meta's object as JSON; NULL: none
    p_error_codes text[], p_error_messages text[], -- of failed; NULL: Meta gave none
    p_error_subcodes bigint[] DEFAULT NULL,        -- likewise, or 0
    p_user_ids text[] DEFAULT NULL                -- of who got it; NULL: not told
) RETURNS TABLE (                                 -- a row per item, in order
    verdict text,                                 -- applied, unknown_number, unknown_message, foreign_message; or
                                                  -- wallet_held: somebody holds it, and money is to be moved
    org_id uuid, message_id uuid,
    refunded boolean,                             -- this item, among those of its message in this batch, brought a
    reversed boolean,                             -- refund, or took the fee again
    unknown_code boolean,
    released_id uuid,                             -- the next message to the same contact: it needs a job
    paused boolean                                -- its failure has paused its channel
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_items    status_item[];
    v_sums     status_sum[];     -- one per message that changes
    v_money    boolean;
    v_orgs     uuid[];           -- theirs; NULL among them: nobody's
    v_awaited  boolean;          -- some org waits only so long for `delivered`
    v_gone     record;           -- of take_out_known
    v_reversed uuid[] := '{}';   -- whose fee is taken again
    v_paused   uuid[];           -- channels
    v_pausing  bigint[];         -- the items that did it
BEGIN
    SELECT array_agg(i), bool_or(i.may_move_money), array_agg(i.org_id),
           EXISTS (SELECT FROM organizations o WHERE o.undelivered_after IS NOT NULL)
      INTO v_items, v_money, v_orgs, v_awaited
      FROM find_statuses(p_phone_number_ids, p_wamids, p_message_ids, p_statuses, p_times, p_pricings,
                         p_error_codes, p_error_messages, p_error_subcodes) i;
    IF something(p_user_ids) IS NOT NULL THEN
        PERFORM learn_recipients(array_agg(i.org_id), array_agg(i.message_id), NULL, array_agg(p_user_ids[i.n]))
           FROM unnest(v_items) i WHERE i.verdict = 'applied' AND p_user_ids[i.n] IS NOT NULL;
    END IF;
    IF v_money THEN
        v_items := lock_wallets_of(v_items);
    END IF;
    v_gone := take_out_known(v_items);
    v_sums := sum_statuses(v_items);
    IF EXISTS (SELECT FROM unnest(v_sums) s WHERE s.is_refunded OR s.is_charged_again) THEN
        SELECT move_fees(array_agg(s.org_id), array_agg(s.message_id), array_agg(s.is_refunded),
                         array_agg(s.is_charged_again)) INTO v_reversed FROM unnest(v_sums) s;
    END IF;
    PERFORM record_statuses(v_sums, v_gone.message_ids, v_gone.attempts, v_reversed,
                            EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (v_orgs)));
    IF v_awaited THEN
        PERFORM await_deliveries(array_agg(s.org_id), array_agg(s.message_id)) FROM unnest(v_sums) s;
    END IF;
    IF EXISTS (SELECT FROM unnest(v_sums) s WHERE s.is_failing) THEN
        -- A token was good or not when the message was sent; all else when it failed.
        v_paused := act_on_failures(ARRAY(
            SELECT ROW(m.org_id, m.id, m.channel_id, s.action, m.error_code, m.error_message,
                       CASE s.error_class WHEN 'auth' THEN least(m.sent_at, m.failed_at) ELSE m.failed_at END,
                       m.error_subcode)::failure
              FROM unnest(v_sums) s JOIN messages m ON m.id = ANY (ARRAY[s.message_id]) AND m.org_id = s.org_id
             WHERE s.action <> 'none' OR is_of_content(s.error_class)));
    END IF;
    IF v_paused IS NOT NULL THEN
        v_pausing := list_pausing(v_sums, v_paused);
    END IF;
    RETURN QUERY SELECT t.*
      FROM tell_applied(v_items, v_sums, v_gone.message_ids, v_gone.released_ids, v_reversed, v_pausing) t;
END $$;
