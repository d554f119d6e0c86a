-- accept_sends: takes a batch of sends in one transaction. Wallets are locked in org order; items are
-- judged in the order given, each as if it had come alone; what is accepted has its fee taken and its
-- ledger row, contact, message and outbox row written. Nothing is stored of what is not accepted.
--
-- Safe to repeat with the same message ids (an answer to COMMIT that got lost): an item whose message
-- exists already is answered `accepted` and not charged again.

-- spend(balance, fee): what is left of `balance` after each fee in turn, where a fee that what is left
-- does not carry is not taken.
CREATE OR REPLACE FUNCTION spend_step(p_left numeric, p_balance numeric, p_fee numeric)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF p_left IS NULL THEN
        p_left := p_balance;
    END IF;
    RETURN CASE WHEN p_fee <= p_left THEN p_left - p_fee ELSE p_left END;
END $$;

CREATE OR REPLACE AGGREGATE spend(balance numeric, fee numeric) (
    sfunc = spend_step, stype = numeric
);

CREATE OR REPLACE FUNCTION accept_sends(
    p_message_ids   uuid[],
    p_org_ids       uuid[],
    p_channel_ids   uuid[],   -- NULL: the org's first active channel
    p_phones        text[],   -- NULL: by user id, or a receipt without a contact
    p_user_ids      text[],
    p_types         text[],   -- Cloud API type; a `receipt` costs nothing
    p_payloads      text[],   -- what Meta gets
    p_callback_data text[],
    p_priorities    text[],
    p_send_ats      bigint[]  -- Unix milliseconds; NULL: now
) RETURNS TABLE (verdict text, status text, balance text, fee text) -- a row per item, in order
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
-- Fixed plans (tenancy.sql says why): joins run as they are written, each step an index look-up.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET join_collapse_limit = 1 SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_verdicts    text[];
    v_channel_ids uuid[];
    v_fees        numeric[];
    v_balances    numeric[];
    v_accepted    bigint; -- of these, how many are new
BEGIN
    PERFORM FROM wallets w WHERE w.org_id = ANY (p_org_ids) ORDER BY w.org_id FOR NO KEY UPDATE;

    WITH item AS (
        SELECT i.n, i.org_id, o.status AS org_status, c.id AS channel_id, c.status AS channel_status,
               w.balance, m.id IS NOT NULL AS known, out.yes AS opted_out,
               CASE WHEN i.type = 'receipt' THEN 0 ELSE c.service_fee_per_msg END AS fee
          FROM unnest(p_message_ids, p_org_ids, p_channel_ids, p_types, p_phones, p_user_ids,
                      p_priorities) WITH ORDINALITY
               AS i (message_id, org_id, channel_id, type, phone, user_id, priority, n)
          LEFT JOIN organizations o ON o.id = i.org_id
          LEFT JOIN wallets w ON w.org_id = i.org_id
          LEFT JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id
          LEFT JOIN LATERAL (
               SELECT k.id, k.status, k.service_fee_per_msg FROM channels k
                WHERE k.org_id = i.org_id AND k.id = coalesce(i.channel_id, k.id)
                  AND k.status <> 'disabled'
                ORDER BY k.status, k.created_at, k.id -- 'active' before 'paused'
                LIMIT 1) c ON true
          LEFT JOIN LATERAL (
               SELECT true AS yes FROM contacts k
                 JOIN conversations v ON v.org_id = k.org_id AND v.channel_id = c.id
                                     AND v.contact_id = k.id AND v.opted_out_at IS NOT NULL
                WHERE i.priority = 'bulk' AND k.org_id = i.org_id
                  AND (k.phone = i.phone OR k.phone = phone_alternative(i.phone)
                       OR k.user_id = i.user_id)
                LIMIT 1) out ON true
    ), judged AS (
        SELECT *, CASE WHEN org_status IS NULL THEN 'no_org'
                       WHEN known THEN 'known'
                       WHEN org_status <> 'active' THEN 'org_suspended'
                       WHEN channel_id IS NULL THEN 'no_channel'
                       WHEN channel_status <> 'active' THEN 'channel_paused'
                       WHEN opted_out THEN 'contact_opted_out'
                       ELSE 'payable' END AS judgement
          FROM item
    ), spent AS (
        SELECT *, spend(balance, CASE judgement WHEN 'payable' THEN fee ELSE 0 END)
                  OVER (PARTITION BY org_id ORDER BY n) AS balance_after
          FROM judged
    ), verdicts AS (
        SELECT *, CASE WHEN judgement <> 'payable' THEN judgement
                       WHEN lag(balance_after, 1, balance) OVER (PARTITION BY org_id ORDER BY n) < fee
                       THEN 'insufficient_balance'
                       ELSE 'accepted' END AS verdict
          FROM spent
    )
    SELECT array_agg(v.verdict ORDER BY v.n), array_agg(v.channel_id ORDER BY v.n),
           array_agg(v.fee ORDER BY v.n), array_agg(v.balance_after ORDER BY v.n),
           count(*) FILTER (WHERE v.verdict = 'accepted')
      INTO v_verdicts, v_channel_ids, v_fees, v_balances, v_accepted
      FROM verdicts v;

    IF v_accepted > 0 THEN
        -- A statement of its own, so that the next one sees the contacts that others have just made.
        -- In key order: two batches with the same new contacts wait, they do not deadlock.
        INSERT INTO contacts (org_id, phone, user_id)
        SELECT DISTINCT i.org_id, i.phone, CASE WHEN i.phone IS NULL THEN i.user_id END AS user_id
          FROM unnest(v_verdicts, p_org_ids, p_phones, p_user_ids) AS i (verdict, org_id, phone, user_id)
         WHERE i.verdict = 'accepted' AND (i.phone IS NOT NULL OR i.user_id IS NOT NULL)
           AND NOT EXISTS (SELECT FROM contacts c WHERE c.org_id = i.org_id AND c.phone = i.phone)
           AND NOT EXISTS (SELECT FROM contacts c WHERE c.org_id = i.org_id AND c.user_id = i.user_id
                              AND i.phone IS NULL)
         ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;

        WITH item AS MATERIALIZED (
            SELECT i.*, CASE WHEN i.phone IS NOT NULL
                             THEN (SELECT c.id FROM contacts c
                                    WHERE c.org_id = i.org_id AND c.phone = i.phone)
                             ELSE (SELECT c.id FROM contacts c
                                    WHERE c.org_id = i.org_id AND c.user_id = i.user_id)
                        END AS contact_id
              FROM unnest(v_verdicts, p_message_ids, p_org_ids, v_channel_ids, p_phones, p_user_ids,
                          p_types, p_payloads, p_callback_data, p_priorities, p_send_ats, v_fees,
                          v_balances) WITH ORDINALITY
                   AS i (verdict, message_id, org_id, channel_id, phone, user_id,
                         type, payload, callback_data, priority, send_at, fee,
                         balance_after, n)
             WHERE i.verdict = 'accepted'
        ), saved AS (
            INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload,
                                  callback_data, fee, status)
            SELECT message_id, org_id, channel_id, contact_id, 'outbound', type, payload::json,
                   callback_data, fee, 'queued'
              FROM item ORDER BY n
        ), booked AS (
            INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, message_id, description)
            SELECT org_id, 'service_fee', -fee, balance_after, message_id, 'WhatsApp message'
              FROM item WHERE fee > 0 ORDER BY n
        ), queued AS (
            INSERT INTO outbox (org_id, message_id, channel_id, contact_id, priority, state, due_at)
            SELECT org_id, message_id, channel_id, contact_id, priority,
                   CASE WHEN due_at > now() THEN 'scheduled' ELSE 'queued' END,
                   CASE WHEN due_at > now() THEN due_at END
              FROM (SELECT *, to_timestamp(send_at / 1000.0) AS due_at FROM item) i ORDER BY n
        )
        UPDATE wallets w SET balance = left_over.balance_after, booked = left_over.balance_after
          FROM (SELECT DISTINCT ON (org_id) org_id, balance_after FROM item
                 ORDER BY org_id, n DESC) left_over
         WHERE w.org_id = left_over.org_id
           AND w.balance <> left_over.balance_after;
    END IF;

    RETURN QUERY
    SELECT CASE WHEN i.verdict = 'known' THEN 'accepted' ELSE i.verdict END,
           CASE WHEN i.verdict IN ('accepted', 'known')
                THEN CASE WHEN i.send_at > extract(epoch FROM now()) * 1000
                          THEN 'scheduled' ELSE 'queued' END END,
           money_text(i.balance_after), money_text(i.fee)
      FROM unnest(v_verdicts, p_send_ats, v_balances, v_fees) WITH ORDINALITY
           AS i (verdict, send_at, balance_after, fee, n)
     ORDER BY i.n;
END $$;
