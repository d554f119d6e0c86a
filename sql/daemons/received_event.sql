-- received_event: a customer's message. p_cut: what is long is left out.
CREATE OR REPLACE FUNCTION received_event(p_event events, p_cut boolean) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object(
               'message_id', m.id, 'channel_id', m.channel_id, 'contact_id', c.id, 'phone', c.phone, 'user_id', c.user_id,
               'name', c.name, 'direction', m.direction, 'type', m.type, 'status', m.status,
               'rank', event_rank((p_event).type), 'wamid', m.wamid,
               'text', CASE WHEN p_cut THEN left(m.text, 1024) ELSE m.text END,
               'summary', CASE WHEN p_cut THEN left(m.summary, 256) ELSE m.summary END,
               'media_id', m.media_id, 'mime_type', m.mime_type, 'reply_to', m.reply_to, 'group_id', m.group_id,
               'changes', (SELECT x.wamid FROM message_changes x WHERE x.org_id = m.org_id AND x.message_id = m.id),
               'referral', CASE WHEN NOT p_cut THEN m.referral END,
               'payload', CASE WHEN m.body_gone_at IS NULL AND NOT p_cut THEN m.payload END,
               'is_cut', p_cut, 'created_at', time_text(m.created_at), 'sent_at', time_text(m.sent_at))
      FROM messages m
      LEFT JOIN contacts w ON w.org_id = m.org_id AND w.id = ANY (ARRAY[m.contact_id])
      LEFT JOIN contacts c ON c.org_id = w.org_id AND c.id = ANY (ARRAY[coalesce(w.merged_into, w.id)])
     WHERE m.id = ANY (ARRAY[(p_event).message_id]) AND m.org_id = (p_event).org_id;
$$;
