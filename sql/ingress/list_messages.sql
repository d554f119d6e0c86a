-- list_messages: the org's messages, newest first, that p_find describes: contact (a phone with its country code, or a
-- user id), contact_id, channel (its id or its number's), direction, status, type, error, since, until, text.
-- Each is looked for where the fewest are: among the contact's, among those that wait, among those that failed, or else
-- among all (look_through).
CREATE OR REPLACE FUNCTION list_messages(p_org_id uuid, p_find json, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_source text;
    v_found  record;
BEGIN
    PERFORM read_for(p_org_id);
    v_source := concat_ws(' AND ', format('attempts >= 0 AND org_id = %L', p_org_id), source_of_messages(p_org_id, p_find),
                          condition_of('id < %L::uuid', p_before_id::text),
                          condition_of('id >= first_id_of(%L)', p_find ->> 'since'),
                          condition_of('id < first_id_of(%L)', p_find ->> 'until'));
    SELECT * INTO v_found
      FROM look_through('messages', 'id', v_source, filter_of_messages(p_org_id, p_find), p_limit);
    RETURN page_looked_through('messages', p_limit, v_found.keys, v_found.looked_until,
                               message_lines(array_fill(p_org_id, ARRAY[cardinality(v_found.keys)]), v_found.keys));
END $$;
