-- set_wishes: what the words of their orgs in these messages, which receive_messages of this transaction has told, wish:
-- out, in or NULL. Returns for each whether its contact has opted out now. (Their conversations are locked by then, in
-- the order of their keys.)
CREATE OR REPLACE FUNCTION set_wishes(p_org_ids uuid[], p_message_ids uuid[], p_wishes text[])
RETURNS TABLE (opted_out boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_preferences(array_agg(m.org_id ORDER BY i.n), array_agg(m.channel_id ORDER BY i.n),
                            array_agg(coalesce(c.merged_into, c.id) ORDER BY i.n),
                            array_agg(i.wish = 'out' ORDER BY i.n), array_agg(m.sent_at ORDER BY i.n))
       FROM unnest(p_org_ids, p_message_ids, p_wishes) WITH ORDINALITY AS i (org_id, message_id, wish, n)
       JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
       JOIN contacts c ON c.org_id = m.org_id AND c.id = ANY (ARRAY[m.contact_id])
      WHERE i.wish IS NOT NULL;
    RETURN QUERY
    SELECT v.opted_out_at IS NOT NULL
      FROM unnest(p_org_ids, p_message_ids) WITH ORDINALITY AS i (org_id, message_id, n)
      LEFT JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
      LEFT JOIN contacts c ON c.org_id = m.org_id AND c.id = ANY (ARRAY[m.contact_id])
      LEFT JOIN conversations v ON v.org_id = m.org_id AND v.channel_id = m.channel_id
                               AND v.contact_id = ANY (ARRAY[coalesce(c.merged_into, c.id)])
     ORDER BY i.n;
END $$;
