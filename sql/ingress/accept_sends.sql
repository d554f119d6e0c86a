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
-- Lock order: wallets by org, outbox (the ends of lines).
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
    p_send_ats      bigint[], -- Unix milliseconds; NULL: now
    p_not_afters    bigint[], -- Unix milliseconds; NULL: a day after it could leave
    p_keys          text[],   -- idempotency keys; NULL: none
    p_body_hashes   bytea[]   -- of the request, with a key
) RETURNS TABLE (verdict text, message_id uuid, status text, balance text, fee text) -- per item, in order
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now         timestamptz := clock_timestamp();
    v_verdicts    text[];
    v_channel_ids uuid[];
    v_fees        numeric[];
    v_amounts     numeric[]; -- to book
    v_balances    numeric[];
    v_answer_ids  uuid[];    -- the items' own, or the first one's of a duplicate
    v_accepted    bigint;    -- of these, how many are new
    v_contact_ids bigint[];  -- of what is accepted, NULL else
    v_slot_for    uuid[];    -- the channel, for what is accepted and takes a slot
    v_slots       record;    -- of take_slots
    v_dues        timestamptz[];
    v_taken       boolean[]; -- somebody stands in the line
    v_states      text[];
BEGIN
    PERFORM lock_wallets(p_org_ids);

    WITH item AS (
        SELECT i.n, i.message_id, i.org_id, o.status AS org_status, c.id AS channel_id,
               c.status AS channel_status, m.id IS NOT NULL AS known, out.yes AS opted_out,
               to_timestamp(i.not_after / 1000.0) <= v_now AS expired,
               CASE WHEN i.type = 'receipt' THEN 0 ELSE c.service_fee_per_msg END AS fee,
               CASE WHEN o.id IS NOT NULL
                    THEN coalesce((SELECT t.balance_after FROM wallet_transactions t
                                    WHERE t.org_id = i.org_id ORDER BY t.n DESC LIMIT 1), 0) END AS balance,
               k.message_id AS key_message_id, k.body_hash = i.body_hash AS key_same,
               i.key IS NOT NULL AND row_number() OVER (PARTITION BY i.org_id, i.key ORDER BY i.n) > 1
               AS follows
          FROM unnest(p_message_ids, p_org_ids, p_channel_ids, p_types, p_phones, p_user_ids,
                      p_priorities, p_not_afters, p_keys, p_body_hashes) WITH ORDINALITY
               AS i (message_id, org_id, channel_id, type, phone, user_id, priority, not_after, key,
                     body_hash, n)
          LEFT JOIN organizations o ON o.id = i.org_id
          LEFT JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id
          LEFT JOIN idempotency_keys k ON k.org_id = i.org_id AND k.key = i.key
          LEFT JOIN LATERAL (
               SELECT h.id, h.status, h.service_fee_per_msg FROM channels h
                WHERE h.org_id = i.org_id AND h.id = coalesce(i.channel_id, h.id)
                  AND h.status <> 'disabled'
                ORDER BY h.status, h.created_at, h.id -- 'active' before 'paused'
                LIMIT 1) c ON true
          LEFT JOIN LATERAL (
               SELECT true AS yes FROM contacts h
                 JOIN conversations v ON v.org_id = h.org_id AND v.channel_id = c.id
                                     AND v.contact_id = h.id AND v.opted_out_at IS NOT NULL
                WHERE i.priority = 'bulk' AND h.org_id = i.org_id
                  AND (h.phone = i.phone OR h.phone = phone_alternative(i.phone)
                       OR h.user_id = i.user_id)
                LIMIT 1) out ON true
    ), judged AS (
        SELECT *, CASE WHEN org_status IS NULL THEN 'no_org'
                       WHEN known THEN 'known'
                       WHEN key_same THEN 'duplicate'
                       WHEN NOT key_same THEN 'idempotency_conflict'
                       WHEN follows THEN 'follows'
                       WHEN expired THEN 'expired'
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
           array_agg(v.fee ORDER BY v.n), array_agg(CASE v.verdict WHEN 'accepted' THEN -v.fee END ORDER BY v.n),
           array_agg(v.balance_after ORDER BY v.n),
           array_agg(CASE WHEN v.verdict = 'duplicate' THEN v.key_message_id ELSE v.message_id END
                     ORDER BY v.n),
           count(*) FILTER (WHERE v.verdict = 'accepted')
      INTO v_verdicts, v_channel_ids, v_fees, v_amounts, v_balances, v_answer_ids, v_accepted
      FROM verdicts v;

    IF 'follows' = ANY (v_verdicts) THEN
        -- Another of this batch has the same key: what became of that one becomes of this one.
        SELECT array_agg(CASE WHEN i.verdict <> 'follows' THEN i.verdict
                              WHEN f.verdict NOT IN ('accepted', 'known', 'duplicate') THEN f.verdict
                              WHEN p_body_hashes[f.n] = p_body_hashes[i.n] THEN 'duplicate'
                              ELSE 'idempotency_conflict' END ORDER BY i.n),
               array_agg(CASE WHEN i.verdict = 'follows' THEN f.answer_id ELSE i.answer_id END ORDER BY i.n)
          INTO v_verdicts, v_answer_ids
          FROM unnest(v_verdicts, v_answer_ids) WITH ORDINALITY AS i (verdict, answer_id, n)
          LEFT JOIN LATERAL (
               SELECT e.verdict, e.answer_id, e.n
                 FROM unnest(v_verdicts, v_answer_ids, p_org_ids, p_keys) WITH ORDINALITY
                      AS e (verdict, answer_id, org_id, key, n)
                WHERE i.verdict = 'follows' AND e.verdict <> 'follows' AND e.org_id = p_org_ids[i.n]
                  AND e.key = p_keys[i.n]
                LIMIT 1) f ON true;
    END IF;

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

        -- What waits for its send_at takes its slot and its place when that has come. A receipt is
        -- written to nobody: it takes neither.
        SELECT array_agg(i.contact_id ORDER BY i.n),
               array_agg(CASE WHEN i.contact_id IS NOT NULL
                                   AND to_timestamp(i.send_at / 1000.0) > v_now IS NOT TRUE
                              THEN i.channel_id END ORDER BY i.n)
          INTO v_contact_ids, v_slot_for
          FROM (SELECT i.n, i.send_at, i.channel_id,
                       CASE WHEN i.verdict = 'accepted' AND i.phone IS NOT NULL
                            THEN (SELECT c.id FROM contacts c
                                   WHERE c.org_id = i.org_id AND c.phone = i.phone)
                            WHEN i.verdict = 'accepted'
                            THEN (SELECT c.id FROM contacts c
                                   WHERE c.org_id = i.org_id AND c.user_id = i.user_id) END AS contact_id
                  FROM unnest(v_verdicts, p_org_ids, v_channel_ids, p_phones, p_user_ids, p_send_ats)
                       WITH ORDINALITY
                       AS i (verdict, org_id, channel_id, phone, user_id, send_at, n)) i;
        v_taken := lock_line_ends(p_org_ids, v_slot_for, v_contact_ids);
        IF 'high' = ANY (p_priorities) AND true = ANY (v_taken) THEN
            PERFORM pull_forward(p_org_ids, v_slot_for, v_contact_ids, p_priorities);
        END IF;
        v_slots := take_slots(p_org_ids, v_slot_for, p_priorities);

        SELECT array_agg(CASE WHEN i.slot_for IS NULL AND to_timestamp(i.send_at / 1000.0) > v_now
                              THEN 'scheduled'
                              WHEN i.slot_for IS NULL THEN 'queued'
                              WHEN i.taken OR i.place > 1 THEN 'held'
                              WHEN i.due_at > clock_timestamp() OR i.slowed THEN 'scheduled'
                              ELSE 'queued' END ORDER BY i.n),
               array_agg(coalesce(i.due_at, to_timestamp(i.send_at / 1000.0), v_now) ORDER BY i.n)
          INTO v_states, v_dues
          FROM (SELECT u.*, row_number() OVER (PARTITION BY u.slot_for, u.contact_id ORDER BY u.n) AS place
                  FROM unnest(v_slot_for, v_contact_ids, v_taken, v_slots.dues, v_slots.slowed, p_send_ats)
                       WITH ORDINALITY AS u (slot_for, contact_id, taken, due_at, slowed, send_at, n)) i;

        WITH item AS MATERIALIZED (
            SELECT i.*, coalesce(to_timestamp(i.not_after / 1000.0),
                                 greatest(to_timestamp(i.send_at / 1000.0), v_now) + interval '24 hours')
                        AS expires_at
              FROM unnest(v_verdicts, p_message_ids, p_org_ids, v_channel_ids, v_contact_ids, v_slot_for,
                          p_types, p_payloads, p_callback_data, p_priorities, p_send_ats, p_not_afters,
                          v_fees, v_balances, v_states, v_dues, p_keys, p_body_hashes) WITH ORDINALITY
                   AS i (verdict, message_id, org_id, channel_id, contact_id, slot_for,
                         type, payload, callback_data, priority, send_at, not_after,
                         fee, balance_after, state, due_at, key, body_hash, n)
             WHERE i.verdict = 'accepted'
        ), saved AS (
            INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload,
                                  callback_data, fee, status)
            SELECT message_id, org_id, channel_id, contact_id, 'outbound', type, payload::json,
                   callback_data, fee, 'queued'
              FROM item ORDER BY n
        ), kept AS (
            INSERT INTO idempotency_keys (org_id, key, body_hash, message_id, status, balance)
            SELECT org_id, key, body_hash, message_id, state, balance_after
              FROM item WHERE key IS NOT NULL
        )
        INSERT INTO outbox (org_id, message_id, channel_id, contact_id, priority, state, not_after,
                            due_at, look_at, seq)
        SELECT org_id, message_id, channel_id, contact_id, priority, state, expires_at,
               CASE WHEN state <> 'queued' THEN due_at END,
               CASE state WHEN 'scheduled' THEN least(due_at, expires_at)
                          WHEN 'held' THEN expires_at END,
               CASE WHEN slot_for IS NOT NULL OR state = 'queued' THEN nextval('outbox_seq') END
          FROM (SELECT * FROM item ORDER BY n) i;
        PERFORM book(p_org_ids, '{service_fee}', v_amounts, p_message_ids, '{WhatsApp message}');
    END IF;

    RETURN QUERY
    SELECT CASE WHEN i.verdict = 'known' THEN 'accepted' ELSE i.verdict END, i.answer_id,
           CASE i.verdict WHEN 'accepted' THEN v_states[i.n]
                          WHEN 'known' THEN coalesce(k.status, nullif(o.state, 'sending'), 'queued')
                          WHEN 'duplicate' THEN k.status END,
           money_text(coalesce(k.balance, i.balance_after)),
           money_text(i.fee)
      FROM unnest(v_verdicts, v_answer_ids, v_balances, v_fees) WITH ORDINALITY
           AS i (verdict, answer_id, balance_after, fee, n)
      LEFT JOIN outbox o ON o.message_id = CASE WHEN i.verdict = 'known' THEN i.answer_id END
                        AND o.org_id = p_org_ids[i.n]
      LEFT JOIN idempotency_keys k ON k.key = CASE WHEN i.verdict IN ('duplicate', 'known')
                                                   THEN p_keys[i.n] END
                                  AND k.org_id = p_org_ids[i.n]
     ORDER BY i.n;
END $$;
