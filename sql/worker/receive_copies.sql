-- receive_copies: keeps a batch of messages that were not written by way of Tollgate: what the org sent from the
-- phone app, and what was written before the number came here. They stand among the others of their contact, with
-- the statuses that follow; nothing else comes of them: no conversation begins, no wish is heard, nothing is answered
-- and nothing costs. Safe to repeat: one that is there already stays as it is, but that what the history has only
-- named (media_placeholder) may be told later.
--
-- Lock order: contacts by key, messages by channel and wamid, conversations by key.
CREATE OR REPLACE FUNCTION receive_copies(
    p_ids uuid[],                       -- new ones
    p_phone_number_ids text[], p_wamids text[],
    p_phones text[], p_user_ids text[], -- of the customer; phone NULL: by business-scoped user id
    p_names text[],                     -- of the profile; NULL: not told
    p_origins text[],                   -- phone_app, history
    p_outbound boolean[],               -- the org wrote it
    p_statuses text[], p_types text[], p_texts text[], p_summaries text[], p_media_ids text[],
    p_mime_types text[], p_reply_tos text[],
    p_changes text[],                   -- the wamid of the message that it edits or revokes
    p_payloads text[],                  -- JSON, Meta's own object
    p_error_codes text[], p_error_messages text[],
    p_times bigint[]                    -- Unix seconds, Meta's
) RETURNS TABLE (verdict text)          -- a row per item, in order: saved, duplicate, unknown_number,
                                        -- before_hand_over
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_org_ids     uuid[];
    v_channel_ids uuid[];
    v_contacts    bigint[];
    v_saved       uuid[];
BEGIN
    SELECT array_agg(c.org_id ORDER BY i.n), array_agg(c.id ORDER BY i.n) INTO v_org_ids, v_channel_ids
      FROM unnest(p_phone_number_ids, p_origins, p_times) WITH ORDINALITY AS i (phone_number_id, origin, at, n)
      -- (What the phone's history tells of any time is its org's.)
      LEFT JOIN LATERAL number_at(i.phone_number_id, CASE i.origin WHEN 'history' THEN now()
                                                     ELSE to_timestamp(i.at) END) c ON true;
    v_contacts := find_or_make_contacts(v_org_ids, p_phones, p_user_ids, p_names);
    WITH saved AS (
        INSERT INTO messages AS m (id, org_id, channel_id, contact_id, origin, direction, status, type, text, summary,
                                   media_id, mime_type, reply_to, payload, error_code, error_message, wamid, sent_at)
        SELECT DISTINCT ON (i.channel_id, i.wamid)
               i.id, i.org_id, i.channel_id, i.contact_id, i.origin,
               CASE WHEN i.outbound THEN 'outbound' ELSE 'inbound' END, i.status, i.type, i.text, i.summary,
               i.media_id, i.mime_type, i.reply_to, i.payload::json, i.error_code, i.error_message, i.wamid,
               to_timestamp(i.at)
          FROM unnest(p_ids, v_org_ids, v_channel_ids, v_contacts, p_origins, p_outbound, p_statuses, p_types,
                      p_texts, p_summaries, p_media_ids, p_mime_types, p_reply_tos, p_payloads, p_error_codes,
                      p_error_messages, p_wamids, p_times) WITH ORDINALITY
               AS i (id, org_id, channel_id, contact_id, origin, outbound, status, type, text, summary, media_id,
                     mime_type, reply_to, payload, error_code, error_message, wamid, at, n)
         WHERE i.org_id IS NOT NULL
         ORDER BY i.channel_id, i.wamid, i.type = 'media_placeholder', i.n
        ON CONFLICT (channel_id, wamid) WHERE wamid IS NOT NULL DO UPDATE
           SET type = excluded.type, text = excluded.text, summary = excluded.summary, media_id = excluded.media_id,
               mime_type = excluded.mime_type, payload = excluded.payload
         WHERE m.origin = 'history' AND m.type = 'media_placeholder' AND excluded.type <> 'media_placeholder'
        RETURNING m.id
    )
    SELECT array_agg(s.id) INTO v_saved FROM saved s;
    PERFORM move_conversations(array_agg(i.org_id), array_agg(i.channel_id), array_agg(i.contact_id), array_agg(i.id))
       FROM unnest(v_org_ids, v_channel_ids, v_contacts, p_ids, p_origins) AS i (org_id, channel_id, contact_id, id, origin)
      WHERE i.origin = 'phone_app' AND i.id = ANY (v_saved);
    IF array_remove(p_changes, NULL) <> '{}' THEN
        PERFORM keep_changes(v_org_ids, v_channel_ids, p_ids, p_changes);
    END IF;
    RETURN QUERY
    SELECT CASE WHEN i.channel_id IS NULL THEN 'unknown_number' WHEN i.org_id IS NULL THEN 'before_hand_over'
                WHEN i.id = ANY (v_saved) THEN 'saved' ELSE 'duplicate' END
      FROM unnest(v_org_ids, v_channel_ids, p_ids) WITH ORDINALITY AS i (org_id, channel_id, id, n) ORDER BY i.n;
END $$;
