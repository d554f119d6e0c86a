-- receive_preferences: contacts that Meta says have opted out of a number's marketing, or in again. A row
-- per item, in order: applied, unknown_number or before_hand_over.
CREATE OR REPLACE FUNCTION receive_preferences(p_phone_number_ids text[], p_phones text[], p_user_ids text[],
                                               p_opt_outs boolean[], p_times bigint[])
RETURNS TABLE (verdict text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_org_ids     uuid[];
    v_channel_ids uuid[];
BEGIN
    SELECT array_agg(c.org_id ORDER BY i.n), array_agg(c.id ORDER BY i.n) INTO v_org_ids, v_channel_ids
      FROM unnest(p_phone_number_ids, p_times) WITH ORDINALITY AS i (phone_number_id, at, n)
      LEFT JOIN LATERAL number_at(i.phone_number_id, to_timestamp(i.at)) c ON true;
    PERFORM set_preferences(v_org_ids, v_channel_ids, find_or_make_contacts(v_org_ids, p_phones, p_user_ids, NULL),
                            p_opt_outs, ARRAY(SELECT to_timestamp(t.at) FROM unnest(p_times) AS t (at)));
    RETURN QUERY
    SELECT CASE WHEN i.channel_id IS NULL THEN 'unknown_number'
                WHEN i.org_id IS NULL THEN 'before_hand_over' ELSE 'applied' END
      FROM unnest(v_org_ids, v_channel_ids) WITH ORDINALITY AS i (org_id, channel_id, n) ORDER BY i.n;
END $$;
