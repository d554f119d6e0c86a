-- list_messages: the org's messages, newest first, that p_find describes: contact (a phone with its country code, or a
-- user id), contact_id, channel (its id or its number's), campaign_id, direction, status, type, error, since, until, text.
-- Each is looked for where the fewest are: among the contact's, the campaign's, those that wait, those that failed, or else
-- among all (look_through).
CREATE OR REPLACE FUNCTION list_messages(p_org_id uuid, p_find json, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_since  CONSTANT timestamptz := p_find ->> 'since';
    v_until  CONSTANT timestamptz := p_find ->> 'until';
    v_filter text;
    v_rows   text;
    v_found  record;
BEGIN
    PERFORM read_for(p_org_id);
    v_filter := filter_of_messages(p_org_id, p_find);
    v_rows := source_of_messages(p_org_id, p_find, CASE WHEN v_since IS NOT NULL THEN first_id_of(v_since) END,
                                 least(p_before_id, CASE WHEN v_until IS NOT NULL THEN first_id_of(v_until) END),
                                 CASE v_filter WHEN 'true' THEN p_limit + 1 ELSE rows_looked_at() END);
    SELECT * INTO v_found FROM look_through(v_rows, 'id', v_filter, p_limit);
    RETURN page_looked_through('messages', p_limit, v_found.keys, v_found.looked_until,
                               message_lines(array_fill(p_org_id, ARRAY[cardinality(v_found.keys)]), v_found.keys));
END $$;
