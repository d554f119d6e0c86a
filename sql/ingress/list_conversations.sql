-- list_conversations: the org's conversations, by their last messages, the newest first, that p_find describes: channel
-- (its id or its number's), unread, contact (a phone with its country code, or a user id) or contact_id. Contacts that
-- have never written have none.
CREATE OR REPLACE FUNCTION list_conversations(p_org_id uuid, p_find json, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_contacts bigint[];
    v_channels uuid[];
    v_found    record;
BEGIN
    PERFORM read_for(p_org_id);
    v_contacts := contacts_meant(p_org_id, p_find);
    IF p_find ->> 'channel' IS NOT NULL THEN
        v_channels := channels_named(p_org_id, p_find ->> 'channel');
    END IF;
    SELECT * INTO v_found FROM look_through(
        concat_ws(' AND ', format('SELECT * FROM conversations WHERE org_id = %L AND newest_id IS NOT NULL', p_org_id),
            CASE WHEN v_contacts IS NOT NULL -- by the key, which begins with the channel
                 THEN format('contact_id = ANY (%L::bigint[]) AND channel_id = ANY (%L::uuid[])', v_contacts[1:1],
                             coalesce(v_channels, ARRAY(SELECT c.id FROM channels c WHERE c.org_id = p_org_id)))
                 WHEN (p_find ->> 'unread')::boolean THEN 'unread' END,
            condition_of('newest_id < %L::uuid', p_before_id::text)), 'newest_id',
        concat_ws(' AND ', 'true', condition_of('l.channel_id = ANY (%L::uuid[])', v_channels::text),
                  condition_of('l.unread = %L', p_find ->> 'unread')), p_limit);
    RETURN page_looked_through('conversations', p_limit, v_found.keys, v_found.looked_until,
                               conversation_lines(p_org_id, v_found.keys));
END $$;
