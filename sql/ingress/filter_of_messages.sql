-- filter_of_messages: what p_find of list_messages says of a row l of messages, as SQL.
CREATE OR REPLACE FUNCTION filter_of_messages(p_org_id uuid, p_find json) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_text text := '%' || regexp_replace(p_find ->> 'text', '([\\%_])', '\\\1', 'g') || '%';
BEGIN
    RETURN concat_ws(' AND ', 'true',
        condition_of('l.channel_id = ANY (%L::uuid[])',
                     CASE WHEN p_find ->> 'channel' IS NOT NULL
                          THEN channels_named(p_org_id, p_find ->> 'channel') END::text),
        condition_of('EXISTS (SELECT FROM campaign_messages k WHERE k.org_id = l.org_id AND k.message_id = l.id '
                     'AND k.campaign_id = %L)', p_find ->> 'campaign_id'),
        condition_of('l.direction = %L', p_find ->> 'direction'), condition_of('l.type = %L', p_find ->> 'type'),
        condition_of('l.error_code = %L', p_find ->> 'error'),
        condition_of('CASE l.status WHEN ''queued'' THEN coalesce((SELECT o.state FROM outbox o WHERE o.message_id = l.id '
               'AND o.org_id = l.org_id), l.status) ELSE l.status END = %L', p_find ->> 'status'),
        -- Of payloads, in which strings are written as JSON, most are passed over without reading them.
        CASE WHEN v_text IS NOT NULL THEN format(
               '(l.text ILIKE %1$L OR l.summary ILIKE %1$L OR l.direction = ''outbound'' AND l.payload::text ILIKE %2$L '
               'AND body_said(l.type, l.payload) ILIKE %1$L)', v_text,
               '%' || regexp_replace(trim(BOTH '"' FROM to_json(p_find ->> 'text')::text), '([\\%_])', '\\\1', 'g') || '%') END);
END $$;
