-- The phases of accept_sends, in the order in which it calls them.

-- find_channel: the org's channel that is named, by its id or its number; else the default, and without that the
-- first one. One that is paused is told as such: no other stands in for it.
CREATE OR REPLACE FUNCTION find_channel(p_org_id uuid, p_channel_id uuid, p_phone_number_id text DEFAULT NULL,
                                        p_default_id uuid DEFAULT NULL)
RETURNS SETOF channels LANGUAGE sql STABLE AS $$
    SELECT c.*
      FROM (SELECT h.* FROM channels h
             WHERE h.org_id = p_org_id AND h.id = coalesce(p_channel_id, p_default_id) AND h.status <> 'disabled'
               AND (p_phone_number_id IS NULL OR h.phone_number_id = p_phone_number_id)
             UNION ALL
            (SELECT h.* FROM channels h
              WHERE p_channel_id IS NULL AND h.org_id = p_org_id AND h.status <> 'disabled'
                AND (p_phone_number_id IS NULL OR h.phone_number_id = p_phone_number_id)
              ORDER BY h.created_at, h.id LIMIT 1)) c
     LIMIT 1;
$$;

-- find_received: over which of the org's channels each receipt's message was received; NULL: over none. (It and
-- find_opt_outs are statements of their own: mostly no item is one of theirs, and to make ready for it takes time.)
CREATE OR REPLACE FUNCTION find_received(p_org_ids uuid[], p_types text[], p_payloads text[]) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
    SELECT array_agg(
               CASE u.type WHEN 'receipt' THEN (
                   SELECT m.channel_id
                     FROM channels c
                     JOIN messages m ON m.channel_id = c.id AND m.org_id = c.org_id
                                    AND m.wamid = p_payloads[u.n]::json ->> 'message_id'
                    WHERE c.org_id = u.org_id AND m.direction = 'inbound' LIMIT 1) END ORDER BY u.n)
      FROM unnest(p_org_ids, p_types) WITH ORDINALITY AS u (org_id, type, n);
$$;

-- waits_long: would a receipt over this channel leave so late that it is worth nothing?
CREATE OR REPLACE FUNCTION waits_long(p_org_id uuid, p_channel_id uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pace_of(p_org_id, p_channel_id) p
                    WHERE least(seconds_until(p.high_free_at, p.written_at, p_now),
                                seconds_until(p.bulk_free_at, p.written_at, p_now)) > 10);
END $$;

-- known_contact: the contact that such a send goes to; NULL: the org does not know it yet.
CREATE OR REPLACE FUNCTION known_contact(p_org_id uuid, p_phone text, p_user_id text)
RETURNS TABLE (contact_id bigint) LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_phone IS NULL
                THEN (SELECT coalesce(t.merged_into, t.id) FROM contacts t
                       WHERE t.org_id = p_org_id AND t.user_id = p_user_id)
                ELSE coalesce((SELECT coalesce(t.merged_into, t.id) FROM contacts t
                                WHERE t.org_id = p_org_id AND t.phone = p_phone),
                              (SELECT coalesce(t.merged_into, t.id) FROM contacts t
                                WHERE t.org_id = p_org_id AND t.phone = phone_alternative(p_phone))) END;
$$;

-- find_opt_out: the conversation in which this contact has opted out of bulk, if there is one.
CREATE OR REPLACE FUNCTION find_opt_out(p_org_id uuid, p_channel_id uuid, p_phone text, p_user_id text)
RETURNS SETOF conversations LANGUAGE sql STABLE AS $$
    SELECT v.*
      FROM (SELECT coalesce(c.merged_into, c.id) AS id FROM contacts c
             WHERE c.org_id = p_org_id AND c.phone = ANY (ARRAY[p_phone, phone_alternative(p_phone)])
            UNION ALL
            SELECT coalesce(c.merged_into, c.id) FROM contacts c
             WHERE c.org_id = p_org_id AND c.user_id = p_user_id) c
      JOIN conversations v ON v.org_id = p_org_id AND v.channel_id = p_channel_id AND v.contact_id = c.id
     WHERE v.opted_out_at IS NOT NULL
    UNION ALL
    SELECT e.org_id, e.channel_id, NULL, NULL, NULL, e.opted_out_at, NULL, NULL, false, NULL -- erased, not known yet
      FROM erased_opt_outs e
     WHERE (SELECT EXISTS (SELECT FROM erased_opt_outs)) -- asked once, and mostly that is all
       AND e.org_id = p_org_id AND e.hash = ANY (erased_hashes(p_org_id, p_phone, p_user_id))
       AND e.channel_id = p_channel_id
     LIMIT 1;
$$;

-- find_opt_outs: which of these are bulk to a contact who wants none.
CREATE OR REPLACE FUNCTION find_opt_outs(p_org_ids uuid[], p_channel_ids uuid[], p_phone_number_ids text[],
                                         p_phones text[], p_user_ids text[], p_priorities text[])
RETURNS boolean[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(u.priority = 'bulk' AND EXISTS (SELECT FROM find_opt_out(u.org_id, c.id, u.phone, u.user_id))
                     ORDER BY u.n)
      FROM unnest(p_org_ids, p_channel_ids, p_phone_number_ids, p_phones, p_user_ids, p_priorities)
           WITH ORDINALITY AS u (org_id, channel_id, phone_number_id, phone, user_id, priority, n)
      LEFT JOIN organizations o ON o.id = u.org_id
      LEFT JOIN LATERAL find_channel(u.org_id, u.channel_id, u.phone_number_id, o.default_channel_id) c ON true;
$$;

-- has_written: has the contact written over this channel since then? (Ids have our time, and times are Meta's: its clock
-- may be ahead by an hour.)
CREATE OR REPLACE FUNCTION has_written(p_org_id uuid, p_channel_id uuid, p_contact_id bigint, p_since timestamptz)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM (SELECT p_contact_id AS id
                     UNION ALL
                     SELECT k.id FROM contacts k WHERE k.org_id = p_org_id AND k.merged_into = p_contact_id) c
         CROSS JOIN LATERAL (
               SELECT FROM messages m
                WHERE m.contact_id = c.id AND is_settled(m) AND m.org_id = p_org_id
                  AND m.id >= first_id_of(p_since - interval '1 hour') AND m.channel_id = p_channel_id
                  AND m.direction = 'inbound' AND m.group_id IS NULL AND m.origin IS NULL
                  AND m.type NOT IN ('edit', 'revoke') AND m.sent_at >= p_since
                ORDER BY m.id LIMIT 1) m);
END $$;

-- is_heard: do we know that anybody has written over this channel? Looked at are those of its conversations that are with
-- the oldest and the newest contacts, 100 of each: some are of people who have only opted out.
CREATE OR REPLACE FUNCTION is_heard(p_org_id uuid, p_channel_id uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM (SELECT v.last_inbound_at FROM conversations v
                                 WHERE v.org_id = p_org_id AND v.channel_id = p_channel_id
                                 ORDER BY v.contact_id LIMIT 100) o
                    WHERE o.last_inbound_at IS NOT NULL)
        OR EXISTS (SELECT FROM (SELECT v.last_inbound_at FROM conversations v
                                 WHERE v.org_id = p_org_id AND v.channel_id = p_channel_id
                                 ORDER BY v.contact_id DESC LIMIT 100) n
                    WHERE n.last_inbound_at IS NOT NULL);
END $$;

-- is_outside: do we know that such a send comes outside of Meta's window: that the contact (null: nobody whom the org
-- knows) has not written over this channel for 24 hours, and that only a template may be sent? We know what has come to
-- a number that has been here, and whose database has, for as long; of a contact who never wrote only where somebody
-- has, as else webhooks may go elsewhere. (docs/sending.md)
CREATE OR REPLACE FUNCTION is_outside(p_org_id uuid, p_channel_id uuid, p_contact_id bigint, p_type text,
                                      p_payload text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_begin CONSTANT timestamptz := p_now - interval '24 hours';
    v_last  timestamptz;
BEGIN
    IF p_type IN ('template', 'receipt') OR p_payload::json ->> 'category' IS NOT NULL THEN
        RETURN false;
    END IF;
    v_last := (SELECT v.last_inbound_at FROM conversations v
                WHERE v.org_id = p_org_id AND v.channel_id = p_channel_id AND v.contact_id = p_contact_id);
    IF v_last >= v_begin THEN
        RETURN false;
    ELSIF v_last > v_begin - interval '1 minute' -- it may be too early by that: keep_conversations
          AND has_written(p_org_id, p_channel_id, p_contact_id, v_begin) THEN
        RETURN false;
    END IF;
    RETURN EXISTS (SELECT FROM channels c WHERE c.org_id = p_org_id AND c.id = p_channel_id AND c.created_at <= v_begin)
       AND (v_last IS NOT NULL OR is_heard(p_org_id, p_channel_id))
       AND NOT EXISTS (SELECT FROM restores r WHERE r.until IS NOT NULL AND r.at > v_begin);
END $$;

-- judge_sends: each as if it had come alone after those before it. The caller has locked the wallets: so balances
-- and keys stay as they are seen here, and nobody else joins a line. p_received: of find_received; p_opt_outs: of
-- find_opt_outs; NULL: there is no such item. p_payloads: of what may be outside of Meta's window, or has a template.
CREATE OR REPLACE FUNCTION judge_sends(
    p_now timestamptz, p_message_ids uuid[], p_org_ids uuid[], p_channel_ids uuid[], p_phones text[],
    p_user_ids text[], p_types text[], p_priorities text[], p_send_ats bigint[], p_not_afters bigint[],
    p_keys text[], p_body_hashes bytea[], p_phone_number_ids text[] DEFAULT NULL, p_received uuid[] DEFAULT NULL,
    p_opt_outs boolean[] DEFAULT NULL, p_payloads text[] DEFAULT NULL
) RETURNS SETOF send_item LANGUAGE sql STABLE AS $$
    WITH item AS (
        SELECT u.*, coalesce(u.priority_or_null, 'high') AS priority, o.status AS org_status,
               to_timestamp(u.not_after_ms / 1000.0) AS not_after,
               greatest(to_timestamp(u.send_at_ms / 1000.0), p_now) AS leaves_at,
               c.id AS own_channel_id, c.status AS channel_status,
               CASE WHEN u.type = 'receipt' THEN 0 ELSE c.service_fee_per_msg END AS fee,
               EXISTS (SELECT FROM messages m WHERE m.id = ANY (ARRAY[u.message_id]) AND m.org_id = u.org_id) AS is_known,
               k.message_id AS first_id, k.body_hash = u.body_hash AS is_same_body,
               u.key IS NOT NULL AND (u.org_id, u.key, u.n) NOT IN (
                   SELECT f.org_id, f.key, min(f.n) FROM unnest(p_org_ids, p_keys) WITH ORDINALITY AS f (org_id, key, n)
                    WHERE f.key IS NOT NULL GROUP BY f.org_id, f.key) AS follows,
               t.contact_id, o.outside_window, o.template_check,
               -- (What leaves later may find the contact to have written by then.)
               CASE WHEN o.outside_window <> 'off' AND (to_timestamp(u.send_at_ms / 1000.0) > p_now) IS NOT TRUE
                    THEN is_outside(o.id, c.id, t.contact_id, u.type, p_payloads[u.n], p_now) END AS is_outside,
               CASE WHEN o.template_check <> 'off' AND u.type = 'template'
                    THEN fault_of_template(o.id, c.waba_id, p_payloads[u.n], to_timestamp(u.send_at_ms / 1000.0) > p_now,
                                           p_now) END AS fault,
               -- Asked once for each org: the others go on from there.
               CASE WHEN row_number() OVER (PARTITION BY u.org_id ORDER BY u.n) = 1 AND o.id IS NOT NULL
                    THEN coalesce((SELECT t.balance_after FROM wallet_transactions t
                                    WHERE t.org_id = u.org_id ORDER BY t.n DESC LIMIT 1), 0) END AS balance
          FROM unnest(p_message_ids, p_org_ids, p_channel_ids, p_phones, p_user_ids, p_types, p_priorities, p_send_ats,
                      p_not_afters, p_keys, p_body_hashes, p_phone_number_ids, p_received, p_opt_outs) WITH ORDINALITY
               AS u (message_id, org_id, channel_id, phone, user_id, type, priority_or_null, send_at_ms,
                     not_after_ms, key, body_hash, phone_number_id, came_over, is_opted_out, n)
          LEFT JOIN organizations o ON o.id = u.org_id
          LEFT JOIN LATERAL find_channel(u.org_id, coalesce(u.channel_id, u.came_over), u.phone_number_id,
                                         o.default_channel_id) c ON true
          LEFT JOIN LATERAL known_contact(u.org_id, u.phone, u.user_id) t ON true
          LEFT JOIN LATERAL (SELECT s.message_id, s.body_hash FROM idempotency_keys s
                              WHERE s.org_id = u.org_id AND s.key = u.key LIMIT 1) k ON true
    ), judged AS (
        SELECT i.*, CASE WHEN i.org_status IS NULL THEN 'no_org'
                         WHEN i.is_known THEN 'known' WHEN i.is_same_body THEN 'duplicate'
                         WHEN NOT i.is_same_body THEN 'idempotency_conflict' WHEN i.follows THEN 'follows'
                         WHEN i.not_after <= p_now THEN 'expired'
                         WHEN i.org_status <> 'active' THEN 'org_suspended'
                         WHEN i.own_channel_id IS NULL THEN 'no_channel'
                         WHEN i.channel_status <> 'active' THEN 'channel_paused'
                         WHEN i.is_opted_out THEN 'contact_opted_out'
                         WHEN i.is_outside AND i.outside_window = 'refuse' THEN 'outside_window'
                         WHEN i.template_check = 'refuse' AND (i.fault).code IS NOT NULL THEN (i.fault).code
                         WHEN i.type = 'receipt' AND i.came_over IS DISTINCT FROM i.own_channel_id THEN 'no_message'
                         WHEN i.type = 'receipt' AND waits_long(i.org_id, i.own_channel_id, p_now) THEN 'too_many_receipts'
                         ELSE 'payable' END AS judgement
          FROM item i
    ), spent AS (
        SELECT j.*, spend(j.balance, CASE j.judgement WHEN 'payable' THEN j.fee ELSE 0 END)
                    OVER (PARTITION BY j.org_id ORDER BY j.n) AS balance_after
          FROM judged j
    )
    SELECT s.n, s.message_id, s.org_id, s.own_channel_id, s.phone, s.user_id, s.type, s.priority, s.key,
           s.body_hash, nullif(s.leaves_at, p_now), coalesce(s.not_after, s.leaves_at + interval '24 hours'),
           s.fee, s.balance_after, s.contact_id,
           (SELECT o.message_id FROM outbox o
             WHERE o.channel_id = s.own_channel_id AND o.contact_id = s.contact_id AND o.org_id = s.org_id
               AND o.seq IS NOT NULL ORDER BY o.seq DESC LIMIT 1),
           CASE WHEN s.judgement <> 'payable' THEN s.judgement
                WHEN lag(s.balance_after, 1, s.balance) OVER (PARTITION BY s.org_id ORDER BY s.n) < s.fee
                THEN 'insufficient_balance' ELSE 'accepted' END,
           CASE s.judgement WHEN 'duplicate' THEN s.first_id ELSE s.message_id END, s.is_outside, s.fault
      FROM spent s ORDER BY s.n;
$$;

-- follow_keys: what became of the first of a batch with a key becomes of the others with the same.
CREATE OR REPLACE FUNCTION follow_keys(p_items send_item[]) RETURNS send_item[]
LANGUAGE plpgsql AS $$
DECLARE
    v_item record;
BEGIN
    FOR v_item IN
        SELECT DISTINCT ON (i.n) i.n, f.answer_id,
               CASE WHEN f.verdict NOT IN ('accepted', 'known', 'duplicate') THEN f.verdict
                    WHEN f.body_hash = i.body_hash THEN 'duplicate'
                    ELSE 'idempotency_conflict' END AS verdict
          FROM unnest(p_items) i JOIN unnest(p_items) f ON f.org_id = i.org_id AND f.key = i.key
         WHERE i.verdict = 'follows' ORDER BY i.n, f.n
    LOOP
        p_items[v_item.n].verdict := v_item.verdict;
        p_items[v_item.n].answer_id := v_item.answer_id;
    END LOOP;
    RETURN p_items;
END $$;

-- make_contacts: the contacts of what is accepted, in order, once all of them are there. NULL: of what is not, and
-- of a receipt.
CREATE OR REPLACE FUNCTION make_contacts(p_items send_item[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    -- A statement of its own, so that the next one sees the contacts that others have just made.
    -- In key order: two batches with the same new contacts wait, they do not deadlock.
    INSERT INTO contacts (org_id, phone, user_id)
    SELECT DISTINCT ON (i.org_id, i.name) i.org_id, i.phone, CASE WHEN i.phone IS NULL THEN i.user_id END
      FROM (SELECT u.*, coalesce(least(u.phone, phone_alternative(u.phone)), u.user_id) AS name
              FROM unnest(p_items) u) i
     WHERE i.verdict = 'accepted' AND i.contact_id IS NULL AND i.name IS NOT NULL
     ORDER BY i.org_id, i.name, i.n
    ON CONFLICT DO NOTHING;
    RETURN ARRAY(
        SELECT coalesce(i.contact_id, (SELECT k.contact_id FROM known_contact(i.org_id, i.phone, i.user_id) k))
          FROM unnest(p_items) i);
END $$;

-- seat_sends: gives what is accepted its contact, its place in the line and its slot. NULL: of what is not.
--
-- What waits for its send_at takes slot and place when that has come. A receipt is written to nobody: it stands in no
-- line, but Meta counts it.
CREATE OR REPLACE FUNCTION seat_sends(p_items send_item[], p_now timestamptz) RETURNS seat[]
LANGUAGE plpgsql AS $$
DECLARE
    v_all   record; -- of each an array
    v_taken boolean[];
    v_slots record;
BEGIN
    SELECT array_agg(i.org_id) AS orgs, array_agg(i.contact_id) AS contacts, array_agg(i.priority) AS priorities,
           array_agg(CASE WHEN i.verdict = 'accepted' AND i.send_at IS NULL
                          THEN i.channel_id END) AS channels, -- NULL: takes no slot
           bool_or(i.verdict = 'accepted' AND i.contact_id IS NULL
                   AND (i.phone IS NOT NULL OR i.user_id IS NOT NULL)) AS any_new,
           bool_or(i.line_end IS NOT NULL) AS any_in_line
      INTO v_all FROM unnest(p_items) i;
    IF v_all.any_new THEN
        v_all.contacts := make_contacts(p_items);
    END IF;
    -- (Who is new has no line; but it may be somebody of whom only the other half was known until now.)
    IF v_all.any_in_line OR v_all.any_new THEN
        v_taken := lock_line_ends(v_all.orgs, v_all.channels, v_all.contacts);
        IF 'high' = ANY (v_all.priorities) THEN
            PERFORM pull_forward(v_all.orgs, v_all.channels, v_all.contacts, v_all.priorities, v_taken);
        END IF;
    END IF;
    v_slots := take_slots(v_all.orgs, v_all.channels, v_all.priorities, clock_timestamp());
    RETURN (
        SELECT array_agg(CASE WHEN i.verdict = 'accepted' THEN
                   ROW(i.recipient, i.slot_of IS NOT NULL OR i.send_at IS NULL,
                       CASE WHEN i.slot_of IS NULL AND i.send_at IS NOT NULL THEN 'scheduled'
                            WHEN i.recipient IS NOT NULL AND (i.is_taken OR i.place > 1) THEN 'held'
                            WHEN i.due_at > clock_timestamp() OR i.is_slowed THEN 'scheduled'
                            ELSE 'queued' END,
                       coalesce(i.due_at, i.send_at, p_now))::seat END ORDER BY i.n)
          FROM (SELECT u.*, row_number() OVER (PARTITION BY u.slot_of, u.recipient ORDER BY u.n) AS place
                  FROM unnest(v_all.contacts, v_all.channels, v_taken, v_slots.dues, v_slots.slowed, p_items)
                       AS u (recipient, slot_of, is_taken, due_at, is_slowed)) i);
END $$;

-- write_sends: message and outbox row of what is accepted, and its event, of orgs that ask for it (p_is_asked: any does).
CREATE OR REPLACE FUNCTION write_sends(p_items send_item[], p_seats seat[], p_payloads text[],
                                       p_callback_data text[], p_is_asked boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH item AS MATERIALIZED (
        SELECT * FROM unnest(p_items, p_seats) i WHERE i.verdict = 'accepted'
    ), saved AS (
        INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, callback_data, fee,
                              status, outside_window, template_warning)
        SELECT i.message_id, i.org_id, i.channel_id, i.recipient, 'outbound', i.type, p_payloads[i.n]::json,
               p_callback_data[i.n], i.fee, 'queued', nullif(i.is_outside, false), (i.template_fault).code
          FROM item i
    )
    INSERT INTO outbox (org_id, message_id, channel_id, contact_id, priority, state, not_after, due_at, look_at,
                        seq)
    SELECT i.org_id, i.message_id, i.channel_id, i.recipient, i.priority, i.state, i.expires_at,
           CASE WHEN i.state <> 'queued' THEN i.due_at END,
           CASE i.state WHEN 'scheduled' THEN least(i.due_at, i.expires_at) WHEN 'held' THEN i.expires_at END,
           CASE WHEN i.has_place THEN nextval('outbox_seq') END
      FROM item i;
    IF p_is_asked THEN
        PERFORM tell_news(array_agg(
                    ROW(i.n, i.org_id, i.channel_id, i.recipient, i.message_id, 'accepted',
                        CASE WHEN i.state <> 'queued' THEN jsonb_build_object('status', i.state) END)::message_news))
           FROM unnest(p_items, p_seats) i WHERE i.verdict = 'accepted';
    END IF;
END $$;

-- keep_receipts: which of what is accepted is not kept for ever.
CREATE OR REPLACE FUNCTION keep_receipts(p_items send_item[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO receipts (org_id, message_id, key, ends_at)
    SELECT i.org_id, i.message_id, i.key, i.expires_at
      FROM unnest(p_items) i WHERE i.verdict = 'accepted' AND i.type = 'receipt';
$$;

-- keep_keys: the idempotency keys of what is accepted, with its answer.
CREATE OR REPLACE FUNCTION keep_keys(p_items send_item[], p_seats seat[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_keys (org_id, key, body_hash, message_id, status, balance, outside_window,
                                  template_warning)
    SELECT i.org_id, i.key, i.body_hash, i.message_id, i.state, i.balance_after, nullif(i.is_outside, false),
           (i.template_fault).code
      FROM unnest(p_items, p_seats) i WHERE i.verdict = 'accepted' AND i.key IS NOT NULL;
END $$;

-- tell_verdicts: a row per item, in order. What was accepted before, under the same id or key, is told as it was then.
CREATE OR REPLACE FUNCTION tell_verdicts(p_items send_item[], p_seats seat[])
RETURNS TABLE (verdict text, message_id uuid, status text, balance text, fee text, is_outside boolean,
               template_fault text, template_says text)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN i.verdict = 'known' THEN 'accepted' ELSE i.verdict END, i.answer_id,
           CASE i.verdict WHEN 'accepted' THEN i.state
                          WHEN 'known' THEN coalesce(k.status, nullif((
                               SELECT o.state FROM outbox o
                                WHERE o.message_id = i.answer_id AND o.org_id = i.org_id), 'sending'), 'queued')
                          ELSE k.status END,
           money_text(coalesce(k.balance, i.balance_after)), money_text(i.fee),
           CASE WHEN i.verdict = 'duplicate' THEN k.outside_window ELSE i.is_outside END,
           CASE WHEN i.verdict = 'duplicate' THEN k.template_warning ELSE (i.template_fault).code END,
           (i.template_fault).says
      FROM unnest(p_items, p_seats) i
      LEFT JOIN LATERAL (SELECT s.status, s.balance, s.outside_window, s.template_warning FROM idempotency_keys s
                          WHERE i.verdict IN ('known', 'duplicate') AND s.org_id = i.org_id
                            AND s.key = i.key LIMIT 1) k ON true
     ORDER BY i.n;
$$;

-- tell_sends, tell_accepted: the same for an accept_sends of the versions before, which runs while deploy/migrate does.
CREATE OR REPLACE FUNCTION tell_sends(p_items send_item[], p_seats seat[])
RETURNS TABLE (verdict text, message_id uuid, status text, balance text, fee text, is_outside boolean)
LANGUAGE sql STABLE AS $$
    SELECT t.verdict, t.message_id, t.status, t.balance, t.fee, t.is_outside FROM tell_verdicts(p_items, p_seats) t;
$$;

CREATE OR REPLACE FUNCTION tell_accepted(p_items send_item[], p_seats seat[])
RETURNS TABLE (verdict text, message_id uuid, status text, balance text, fee text)
LANGUAGE sql STABLE AS $$
    SELECT t.verdict, t.message_id, t.status, t.balance, t.fee FROM tell_verdicts(p_items, p_seats) t;
$$;
