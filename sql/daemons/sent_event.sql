-- sent_event: what has become of a message of the org's.
CREATE OR REPLACE FUNCTION sent_event(p_event events) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object(
               'message_id', m.id, 'channel_id', m.channel_id, 'contact_id', c.id, 'phone', c.phone, 'user_id', c.user_id,
               'direction', m.direction, 'type', m.type,
               'status', coalesce((p_event).data ->> 'status', split_part((p_event).type, '.', 2)),
               'rank', event_rank((p_event).type), 'wamid', CASE WHEN event_rank((p_event).type) > 1 THEN m.wamid END,
               'callback_data', m.callback_data, 'fee', money_text(m.fee),
               'refunded', (p_event).type = 'message.failed' AND EXISTS (
                   SELECT FROM wallet_transactions t WHERE t.org_id = m.org_id AND t.message_id = m.id AND t.kind = 'refund'),
               'error', CASE (p_event).type
                   WHEN 'message.failed' THEN json_build_object('code', m.error_code, 'subcode', m.error_subcode,
                                                                'message', m.error_message)
                   WHEN 'message.unconfirmed' THEN json_build_object('code', (p_event).data ->> 'code', 'subcode', NULL,
                                                                     'message', NULL) END,
               'pricing', CASE WHEN event_rank((p_event).type) > 1 THEN m.pricing END,
               'created_at', time_text(m.created_at),
               'sent_at', CASE (p_event).type WHEN 'message.sent' THEN time_text(m.sent_at) END,
               'delivered_at', CASE (p_event).type WHEN 'message.delivered' THEN time_text(m.delivered_at) END,
               'read_at', CASE (p_event).type WHEN 'message.read' THEN time_text(m.read_at) END,
               'failed_at', CASE (p_event).type WHEN 'message.failed' THEN time_text(m.failed_at) END)
      FROM messages m
      LEFT JOIN contacts w ON w.org_id = m.org_id AND w.id = ANY (ARRAY[m.contact_id])
      LEFT JOIN contacts c ON c.org_id = w.org_id AND c.id = ANY (ARRAY[coalesce(w.merged_into, w.id)])
     WHERE m.id = ANY (ARRAY[(p_event).message_id]) AND m.org_id = (p_event).org_id;
$$;
