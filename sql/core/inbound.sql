-- The phases of receive_messages, in the order in which it calls them.

-- something: the array, or null if nothing stands in it.
CREATE OR REPLACE FUNCTION something(p_texts text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN array_remove(p_texts, NULL) <> '{}' THEN p_texts END;

-- name_words: what names the words of an org that opt out and in: the beginning of their hash.
CREATE OR REPLACE FUNCTION name_words() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.words_id := left(encode(sha256(convert_to(NEW.opt_out_words::text || NEW.opt_in_words::text, 'UTF8')), 'hex'),
                         32)::uuid;
    RETURN NEW;
END $$;

-- wish_of: whether that text is one of the org's words that opt out (or, false, in). A worker of the version before
-- does not look itself.
CREATE OR REPLACE FUNCTION wish_of(p_org_id uuid, p_text text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_word text := lower(btrim(p_text, E' \t\r\n'));
BEGIN
    RETURN (SELECT CASE WHEN v_word IN (SELECT lower(w) FROM unnest(o.opt_out_words) w) THEN true
                        WHEN v_word IN (SELECT lower(w) FROM unnest(o.opt_in_words) w) THEN false END
              FROM organizations o WHERE o.id = p_org_id);
END $$;

-- find_inbound: each message with its channel, by phone_number_id, and so its org. (LIMIT: by both columns of the
-- index, however few messages there seem to be.)
CREATE OR REPLACE FUNCTION find_inbound(
    p_ids uuid[], p_phone_number_ids text[], p_wamids text[], p_phones text[], p_user_ids text[], p_names text[],
    p_new_phones text[], p_types text[], p_texts text[], p_media_ids text[], p_mime_types text[],
    p_reply_tos text[], p_referrals text[], p_payloads text[], p_times bigint[],
    p_group_ids text[] DEFAULT NULL, p_summaries text[] DEFAULT NULL, p_error_codes text[] DEFAULT NULL,
    p_error_messages text[] DEFAULT NULL, p_changes text[] DEFAULT NULL, p_are_said boolean[] DEFAULT NULL,
    p_new_user_ids text[] DEFAULT NULL, p_words_later boolean DEFAULT false
) RETURNS SETOF inbound_item LANGUAGE sql STABLE AS $$
    SELECT i.n, c.org_id, c.id AS channel_id, c.org_id IS NOT NULL AND i.is_first AND m.id IS NULL AS is_new,
           CASE WHEN NOT p_words_later AND i.group_id IS NULL THEN wish_of(c.org_id, i.text) END AS opt_out,
           i.id, i.wamid, i.phone, i.new_phone, i.user_id, i.name, i.type, i.text, i.media_id, i.mime_type,
           i.reply_to, i.referral::json, i.payload::json, to_timestamp(i.at), i.new_user_id,
           i.group_id, i.summary, i.error_code, i.error_message, i.changes, coalesce(i.is_said, true)
      FROM (SELECT u.*, row_number() OVER (PARTITION BY u.phone_number_id, u.wamid ORDER BY u.n) = 1 AS is_first
              FROM unnest(p_ids, p_phone_number_ids, p_wamids, p_phones, p_user_ids, p_names, p_new_phones,
                          p_types, p_texts, p_media_ids, p_mime_types, p_reply_tos, p_referrals, p_payloads,
                          p_times, p_group_ids, p_summaries, p_error_codes, p_error_messages, p_changes,
                          p_are_said, p_new_user_ids)
                   WITH ORDINALITY
                   AS u (id, phone_number_id, wamid, phone, user_id, name, new_phone, type, text, media_id,
                         mime_type, reply_to, referral, payload, at, group_id, summary, error_code,
                         error_message, changes, is_said, new_user_id, n)) i
      LEFT JOIN LATERAL number_at(i.phone_number_id, to_timestamp(i.at)) c ON true
      LEFT JOIN LATERAL (
           SELECT k.id FROM messages k
            WHERE k.channel_id = c.id AND k.org_id = c.org_id AND k.wamid = i.wamid LIMIT 1) m ON true
     ORDER BY i.n;
$$;

-- lock_wallets_of_changes: locks the wallets for those of these that say that somebody has another number or user id
-- from then on: two lines may become one by it, which nobody is to join meanwhile. A wallet that somebody holds is not
-- waited for beyond a moment: what says so of its org is not taken up now (is_new: null).
CREATE OR REPLACE FUNCTION lock_wallets_of_changes(p_items inbound_item[]) RETURNS inbound_item[]
LANGUAGE plpgsql AS $$
DECLARE
    v_orgs uuid[] := ARRAY(SELECT i.org_id FROM unnest(p_items) i
                            WHERE i.is_new AND coalesce(i.new_phone, i.new_user_id) IS NOT NULL);
    v_free uuid[] := lock_free_wallets(v_orgs, '2s');
BEGIN
    IF NOT v_orgs <@ v_free THEN
        FOR v_at IN 1 .. cardinality(p_items) LOOP
            IF p_items[v_at].is_new AND coalesce(p_items[v_at].new_phone, p_items[v_at].new_user_id) IS NOT NULL
               AND p_items[v_at].org_id <> ALL (v_free) THEN
                p_items[v_at].is_new := NULL;
            END IF;
        END LOOP;
    END IF;
    RETURN p_items;
END $$;

-- find_senders: the contact that wrote each, in order. Where one of them has another number or user id from then on,
-- they are looked at one by one: who wrote before that and who wrote after it are the same. The caller has locked the
-- wallets of these.
CREATE OR REPLACE FUNCTION find_senders(p_items inbound_item[], OUT senders bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    v_item inbound_item;
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(p_items) i WHERE i.new_phone IS NOT NULL OR i.new_user_id IS NOT NULL) THEN
        SELECT find_or_make_contacts(array_agg(i.org_id), array_agg(i.phone), array_agg(i.user_id),
                                     array_agg(i.name))
          INTO senders FROM unnest(p_items) i;
        RETURN;
    END IF;
    FOREACH v_item IN ARRAY p_items LOOP
        IF v_item.new_phone IS NOT NULL OR v_item.new_user_id IS NOT NULL THEN
            SELECT * INTO v_item.new_phone, v_item.new_user_id
              FROM follow_changes(v_item.org_id, v_item.at, v_item.phone, v_item.user_id, v_item.new_phone,
                                  v_item.new_user_id);
            PERFORM lead_on(v_item.org_id, v_item.phone, v_item.user_id, v_item.new_phone, v_item.new_user_id);
            v_item.user_id := v_item.new_user_id; -- the former one is of no use any more
            v_item.phone := coalesce(v_item.new_phone, v_item.phone);
        END IF;
        senders := senders || find_or_make_contacts(ARRAY[v_item.org_id], ARRAY[v_item.phone],
                                                    ARRAY[v_item.user_id], ARRAY[v_item.name]);
    END LOOP;
    SELECT array_agg(coalesce(c.merged_into, c.id) ORDER BY i.n) INTO senders
      FROM unnest(senders) WITH ORDINALITY AS i (id, n)
      JOIN contacts c ON c.org_id = (p_items[i.n]).org_id AND c.id = ANY (ARRAY[i.id]);
END $$;

-- keep_conversations: when each contact last wrote, what it said first, and that it is unread; p_contacts: who wrote each. What
-- is written in a group, or changes an earlier message, is not written to the number. From here on two workers that
-- got the same message wait for each other. Only a time that is later by a minute is kept: each one leaves a version
-- of the row behind, which all later ones would have to pass while somebody holds a snapshot.
CREATE OR REPLACE FUNCTION keep_conversations(p_items inbound_item[], p_contacts bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversations AS v (org_id, channel_id, contact_id, last_inbound_at, first_message_id, newest_id, unread)
    SELECT i.org_id, i.channel_id, p_contacts[i.place], max(i.at),
           (array_agg(i.id ORDER BY i.place) FILTER (WHERE i.is_said))[1], (array_agg(i.id ORDER BY i.id DESC))[1], true
      FROM (SELECT u.*, u.ordinality AS place FROM unnest(p_items) WITH ORDINALITY u) i
     WHERE i.group_id IS NULL AND i.type NOT IN ('edit', 'revoke')
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (org_id, channel_id, contact_id) DO UPDATE
       SET last_inbound_at = greatest(v.last_inbound_at, excluded.last_inbound_at),
           first_message_id = coalesce(v.first_message_id, excluded.first_message_id),
           newest_id = greatest(v.newest_id, excluded.newest_id), unread = true
     WHERE NOT v.unread OR v.first_message_id IS NULL AND excluded.first_message_id IS NOT NULL OR v.last_inbound_at IS NULL
        OR excluded.last_inbound_at >= v.last_inbound_at + interval '1 minute';
END $$;

-- keep_changes: which message each of these edits or revokes; null: none. Those that are not there change nothing.
CREATE OR REPLACE FUNCTION keep_changes(p_org_ids uuid[], p_channel_ids uuid[], p_message_ids uuid[], p_wamids text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO message_changes (org_id, message_id, channel_id, wamid)
    SELECT m.org_id, m.id, m.channel_id, i.wamid
      FROM unnest(p_org_ids, p_channel_ids, p_message_ids, p_wamids) AS i (org_id, channel_id, message_id, wamid)
      JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id AND m.channel_id = i.channel_id
     WHERE i.wamid IS NOT NULL
    ON CONFLICT DO NOTHING;
END $$;

-- save_inbound: the messages themselves; what somebody else has saved meanwhile stays as it is; and the events of those
-- that it has saved, of orgs that ask for them (p_is_asked: any does).
CREATE OR REPLACE FUNCTION save_inbound(p_items inbound_item[], p_contacts bigint[], p_is_asked boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_news message_news[];
BEGIN
    WITH saved AS (
        INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, status, wamid, text,
                              media_id, mime_type, reply_to, referral, sent_at, group_id, summary, error_code,
                              error_message)
        SELECT i.id, i.org_id, i.channel_id, p_contacts[i.ordinality], 'inbound', i.type, i.payload, 'received',
               i.wamid, i.text, i.media_id, i.mime_type, i.reply_to, i.referral, i.at, i.group_id, i.summary,
               i.error_code, i.error_message
          FROM unnest(p_items) WITH ORDINALITY i
         ORDER BY i.channel_id, i.wamid
        ON CONFLICT (channel_id, wamid) WHERE wamid IS NOT NULL DO NOTHING
        RETURNING org_id, id, channel_id, contact_id
    )
    SELECT array_agg(ROW(s.n, s.org_id, s.channel_id, s.contact_id, s.id, 'received', NULL)::message_news)
           FILTER (WHERE p_is_asked)
      INTO v_news FROM (SELECT s.*, row_number() OVER () AS n FROM saved s) s;
    IF p_is_asked THEN
        PERFORM tell_news(v_news);
    END IF;
END $$;

-- tell_received: a row per item, in order. A message that is there already may lack its reply, if a worker died in
-- between; but one that is delivered again much later is not answered by rules of today, nor is one that comes late,
-- nor one that is history: who had the number before has seen to it.
DROP FUNCTION IF EXISTS tell_received(inbound_item[], bigint);
CREATE OR REPLACE FUNCTION tell_received(p_items inbound_item[], p_reply_within_s bigint DEFAULT 600)
RETURNS TABLE (verdict text, org_id uuid, channel_id uuid, message_id uuid, rules_version bigint, is_first boolean,
               is_word boolean, opted_out boolean, phone text, user_id text, name text, words_id uuid)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN i.channel_id IS NULL THEN 'unknown_number'
                WHEN i.org_id IS NULL THEN 'before_hand_over'
                WHEN i.is_new IS NULL THEN 'wallet_held'
                WHEN i.is_new AND m.id = i.id THEN 'saved' ELSE 'duplicate' END,
           i.org_id, i.channel_id, m.id,
           CASE WHEN o.rules_version > 0 AND m.direction = 'inbound' AND i.group_id IS NULL AND m.origin IS NULL
                     AND least(m.created_at, i.at) > now() - p_reply_within_s * interval '1 second'
                     AND NOT EXISTS (SELECT FROM auto_replies a
                                      WHERE a.org_id = m.org_id AND a.message_id = m.id)
                THEN o.rules_version ELSE 0 END,
           coalesce(r.first_message_id = m.id, false), coalesce(i.opt_out, false), r.opted_out_at IS NOT NULL,
           r.phone, r.user_id, r.name, o.words_id
      FROM unnest(p_items) i
      LEFT JOIN organizations o ON o.id = i.org_id
      LEFT JOIN LATERAL (
           SELECT k.* FROM messages k
            WHERE k.channel_id = i.channel_id AND k.org_id = i.org_id AND k.wamid = i.wamid LIMIT 1) m ON true
      LEFT JOIN LATERAL ( -- (LIMIT: not even looked up of an org without rules)
           SELECT v.first_message_id, v.opted_out_at, k.phone, k.user_id, k.name
             FROM contacts w
             JOIN contacts k ON k.org_id = w.org_id AND k.id = coalesce(w.merged_into, w.id)
             JOIN conversations v ON v.org_id = k.org_id AND v.channel_id = m.channel_id AND v.contact_id = k.id
            WHERE o.rules_version > 0 AND w.org_id = m.org_id AND w.id = m.contact_id LIMIT 1) r ON true
     ORDER BY i.n;
$$;
