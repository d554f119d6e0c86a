-- accept_sends: takes a batch of sends in one transaction. Wallets are locked in org order; items are
-- judged in the order given, each as if it had come alone; what is accepted has its fee taken, its slot
-- (pacing.sql) and its place in the line to its contact (lines.sql), and its ledger row, contact, message
-- and outbox row written. Nothing is stored of what is not accepted.
--
-- Safe to repeat with the same message ids (an answer to COMMIT that got lost): an item whose message
-- exists already is answered `accepted` and not charged again. An item with the idempotency key of an
-- earlier one, of whichever request, is a `duplicate` and gets its answer, or an `idempotency_conflict` if
-- the body is another. A key is kept with what was accepted only: after a refusal it may be used again.
-- That is why an item is `expired` here, and not where its request is read: one that is repeated after its
-- not_after has passed still gets the first answer.
--
-- Lock order: wallets by org, outbox (the ends of lines). A wallet that is not to be had within a moment ends all
-- of it (lock_not_available): find_free_wallets tells whose it is, and the others are accepted without that org's.
CREATE OR REPLACE FUNCTION accept_sends(
    p_message_ids uuid[], p_org_ids uuid[],
    p_channel_ids uuid[],                -- NULL: the org's default channel, unless its number is given
    p_phones text[], p_user_ids text[],  -- phone NULL: by user id, or a receipt without a contact
    p_types text[],                      -- Cloud API type; a `receipt` (of a received message) costs nothing
    p_payloads text[],                   -- what Meta gets
    p_callback_data text[] DEFAULT NULL,
    p_priorities text[] DEFAULT NULL,    -- NULL: high
    p_send_ats bigint[] DEFAULT NULL,    -- Unix milliseconds; NULL: now
    p_not_afters bigint[] DEFAULT NULL,  -- Unix milliseconds; NULL: a day after it could leave
    p_keys text[] DEFAULT NULL,          -- idempotency keys; NULL: none
    p_body_hashes bytea[] DEFAULT NULL,  -- of the request, with a key
    p_phone_number_ids text[] DEFAULT NULL -- Meta's id of the channel's number; NULL: not given
) RETURNS TABLE (verdict text, message_id uuid, status text, balance text, fee text, -- per item, in order
                 is_outside boolean,     -- of Meta's window, which its org wants to be warned of
                 template_fault text, template_says text) -- likewise: why Meta would not take its template
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now      timestamptz := clock_timestamp();
    v_received uuid[];  -- of each receipt, by which channel its message came
    v_opt_outs boolean[];
    v_items    send_item[];
    v_seats    seat[];  -- NULL: of what is not accepted
    v_accepted boolean; -- any of them
    v_follows  boolean; -- the same key stands twice
    v_keyed    boolean; -- there are keys
    v_receipts boolean; -- any of what is accepted
    v_watched  boolean; -- some org is told when its wallet is low
    v_short    uuid[];  -- orgs whose wallets did not carry something
    v_asked    boolean; -- some org is told what was accepted
BEGIN
    IF current_setting('tollgate.is_home', true) IS DISTINCT FROM 'yes' THEN
        PERFORM expect_home();
    END IF;
    PERFORM lock_wallets_soon(p_org_ids);
    IF 'receipt' = ANY (p_types) THEN
        v_received := find_received(p_org_ids, p_types, p_payloads);
    END IF;
    IF 'bulk' = ANY (p_priorities) THEN
        v_opt_outs := find_opt_outs(p_org_ids, p_channel_ids, p_phone_number_ids, p_phones, p_user_ids, p_priorities);
    END IF;
    SELECT array_agg(i), bool_or(i.verdict = 'accepted'), bool_or(i.verdict = 'follows'), bool_or(i.key IS NOT NULL),
           bool_or(i.verdict = 'accepted' AND i.type = 'receipt'),
           array_agg(i.org_id) FILTER (WHERE i.verdict = 'insufficient_balance'),
           EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (p_org_ids) AND asks_for(w.asks, 'accepted')),
           EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (p_org_ids) AND w.wallet_low_at > 0 AND w.low_told_at IS NULL)
      INTO v_items, v_accepted, v_follows, v_keyed, v_receipts, v_short, v_asked, v_watched
      FROM judge_sends(v_now, p_message_ids, p_org_ids, p_channel_ids, p_phones, p_user_ids, p_types, p_priorities, p_send_ats,
                       p_not_afters, p_keys, p_body_hashes, p_phone_number_ids, v_received, v_opt_outs, p_payloads) i;
    IF v_follows THEN
        v_items := follow_keys(v_items);
    END IF;
    IF v_accepted THEN
        v_seats := seat_sends(v_items, v_now);
        PERFORM write_sends(v_items, v_seats, p_payloads, p_callback_data, v_asked);
        IF v_receipts THEN
            PERFORM keep_receipts(v_items);
        END IF;
        IF v_keyed THEN
            PERFORM keep_keys(v_items, v_seats);
        END IF;
        PERFORM book(p_org_ids, '{service_fee}', ARRAY(SELECT CASE i.verdict WHEN 'accepted' THEN -i.fee END
                                                         FROM unnest(v_items) i), p_message_ids, '{WhatsApp message}');
    END IF;
    IF v_watched OR v_short IS NOT NULL THEN
        PERFORM tell_of_wallets(p_org_ids, v_short);
    END IF;
    RETURN QUERY SELECT t.* FROM tell_verdicts(v_items, v_seats) t;
END $$;
