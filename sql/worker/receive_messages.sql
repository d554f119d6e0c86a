-- receive_messages: keeps a batch of inbound messages. Each is found its channel by phone_number_id, and so
-- its org; its contact is found or made, the conversation's last inbound time moves forward, and the words
-- of the org opt the contact out or in. Safe to repeat: a message is kept once for each channel and wamid,
-- and one that is there already changes nothing.
--
-- Lock order: contacts by key, conversations by key, messages by channel and wamid.
CREATE OR REPLACE FUNCTION receive_messages(
    p_ids              uuid[],   -- new ones
    p_phone_number_ids text[],
    p_wamids           text[],
    p_phones           text[],   -- of who wrote; NULL: by user id
    p_user_ids         text[],   -- business-scoped user id
    p_names            text[],   -- of the profile; NULL: not told
    p_new_phones       text[],   -- the contact says that this is the new number
    p_types            text[],
    p_texts            text[],
    p_media_ids        text[],
    p_mime_types       text[],
    p_reply_tos        text[],   -- wamid
    p_referrals        text[],   -- JSON
    p_payloads         text[],   -- Meta's own object
    p_times            bigint[]  -- Unix seconds, Meta's
) RETURNS TABLE (           -- a row per item, in order
    verdict       text,     -- saved, duplicate, unknown_number; the rest is NULL for the last
    org_id        uuid,
    channel_id    uuid,
    message_id    uuid,
    rules_version bigint,   -- of the org's automation rules; 0: no reply is to be thought of
    -- The rest is for replies alone, and told of an org with rules.
    is_first      boolean,  -- the first message of the conversation
    is_word       boolean,  -- it is a word that opts out
    opted_out     boolean,
    phone         text,     -- of the contact, as it stands now
    user_id       text,
    name          text
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_org_ids     uuid[];  -- NULL: nobody owns the number
    v_channel_ids uuid[];
    v_new_orgs    uuid[];  -- NULL: not new
    v_phones      text[];
    v_opt_outs    boolean[]; -- what the text wishes; NULL: nothing
    v_contact_ids bigint[];
    v_saved       uuid[];
    r             record;
BEGIN
    SELECT array_agg(c.org_id ORDER BY i.n), array_agg(c.id ORDER BY i.n),
           array_agg(CASE WHEN i.n = min_n AND m.id IS NULL THEN c.org_id END ORDER BY i.n),
           array_agg(coalesce(i.new_phone, i.phone) ORDER BY i.n),
           array_agg(CASE WHEN i.text IS NULL THEN NULL
                          WHEN EXISTS (SELECT FROM unnest(o.opt_out_words) w
                                        WHERE lower(w) = lower(btrim(i.text, E' \t\r\n'))) THEN true
                          WHEN EXISTS (SELECT FROM unnest(o.opt_in_words) w
                                        WHERE lower(w) = lower(btrim(i.text, E' \t\r\n'))) THEN false
                     END ORDER BY i.n)
      INTO v_org_ids, v_channel_ids, v_new_orgs, v_phones, v_opt_outs
      FROM (SELECT *, min(u.n) OVER (PARTITION BY u.phone_number_id, u.wamid) AS min_n
              FROM unnest(p_phone_number_ids, p_wamids, p_phones, p_new_phones, p_texts) WITH ORDINALITY
                   AS u (phone_number_id, wamid, phone, new_phone, text, n)) i
      LEFT JOIN channels c ON c.phone_number_id = i.phone_number_id
      LEFT JOIN organizations o ON o.id = c.org_id
      LEFT JOIN LATERAL (
           -- LIMIT keeps it apart from the other joins: planned for an empty table among them, it would
           -- read all messages of the channel.
           SELECT k.id FROM messages k
            WHERE k.channel_id = c.id AND k.org_id = c.org_id AND k.wamid = i.wamid LIMIT 1) m ON true;

    FOR r IN SELECT i.org_id, i.phone, i.new_phone
               FROM unnest(v_new_orgs, p_phones, p_new_phones) WITH ORDINALITY
                    AS i (org_id, phone, new_phone, n)
              WHERE i.org_id IS NOT NULL AND i.new_phone IS NOT NULL AND i.phone IS NOT NULL
              ORDER BY i.n
    LOOP
        PERFORM move_contact(r.org_id, r.phone, r.new_phone);
    END LOOP;
    v_contact_ids := find_or_make_contacts(v_new_orgs, v_phones, p_user_ids, p_names);

    -- From here on two workers that got the same message wait for each other at its conversation.
    INSERT INTO conversations AS v (org_id, channel_id, contact_id, last_inbound_at, first_message_id)
    SELECT i.org_id, i.channel_id, i.contact_id, max(to_timestamp(i.at)), (array_agg(i.id ORDER BY i.n))[1]
      FROM unnest(v_new_orgs, v_channel_ids, v_contact_ids, p_ids, p_times) WITH ORDINALITY
           AS i (org_id, channel_id, contact_id, id, at, n)
     WHERE i.org_id IS NOT NULL
     GROUP BY i.org_id, i.channel_id, i.contact_id
     ORDER BY 1, 2, 3
    ON CONFLICT (org_id, channel_id, contact_id) DO UPDATE
       SET last_inbound_at = greatest(v.last_inbound_at, excluded.last_inbound_at),
           first_message_id = coalesce(v.first_message_id, excluded.first_message_id);
    PERFORM set_preferences(v_new_orgs, v_channel_ids, v_contact_ids, v_opt_outs,
                            ARRAY(SELECT to_timestamp(t.at)
                                    FROM unnest(p_times) WITH ORDINALITY t (at, n) ORDER BY t.n))
      WHERE v_opt_outs && ARRAY[true, false];

    WITH saved AS (
        INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, status, wamid,
                              text, media_id, mime_type, reply_to, referral, sent_at)
        SELECT i.id, i.org_id, i.channel_id, i.contact_id, 'inbound', i.type, i.payload::json, 'received',
               i.wamid, i.text, i.media_id, i.mime_type, i.reply_to, i.referral::json, to_timestamp(i.at)
          FROM unnest(p_ids, v_new_orgs, v_channel_ids, v_contact_ids, p_types, p_payloads, p_wamids,
                      p_texts, p_media_ids, p_mime_types, p_reply_tos, p_referrals, p_times)
               AS i (id, org_id, channel_id, contact_id, type, payload, wamid,
                     text, media_id, mime_type, reply_to, referral, at)
         WHERE i.org_id IS NOT NULL
         ORDER BY i.channel_id, i.wamid
        ON CONFLICT (channel_id, wamid) WHERE wamid IS NOT NULL DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(s.id), '{}') INTO v_saved FROM saved s;

    -- A message that is there already may lack its reply, if a worker died in between; but one that is
    -- delivered again much later is not answered by rules of today.
    RETURN QUERY
    SELECT CASE WHEN i.org_id IS NULL THEN 'unknown_number'
                WHEN i.id = ANY (v_saved) THEN 'saved' ELSE 'duplicate' END,
           i.org_id, i.channel_id, m.id,
           CASE WHEN o.rules_version > 0 AND m.direction = 'inbound'
                     AND m.created_at > now() - interval '10 minutes'
                     AND NOT EXISTS (SELECT FROM auto_replies a
                                      WHERE a.org_id = m.org_id AND a.message_id = m.id)
                THEN o.rules_version ELSE 0 END,
           coalesce(v.first_message_id = m.id, false), coalesce(i.opt_out, false),
           v.opted_out_at IS NOT NULL, k.phone, k.user_id, k.name
      FROM unnest(p_ids, v_org_ids, v_channel_ids, p_wamids, v_opt_outs) WITH ORDINALITY
           AS i (id, org_id, channel_id, wamid, opt_out, n)
      LEFT JOIN organizations o ON o.id = i.org_id
      LEFT JOIN messages m ON m.channel_id = i.channel_id AND m.org_id = i.org_id AND m.wamid = i.wamid
      LEFT JOIN conversations v ON v.org_id = m.org_id AND v.channel_id = m.channel_id
                               AND v.contact_id = m.contact_id AND o.rules_version > 0
      LEFT JOIN contacts k ON k.org_id = m.org_id AND k.id = m.contact_id AND o.rules_version > 0
     ORDER BY i.n;
END $$;
