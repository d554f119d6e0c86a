-- source_of_messages: where list_messages looks for what p_find describes, of ids from p_from to before p_before (NULL:
-- without such an end), as SQL: what has settled, in the order of one index; and the newest of what waits, p_waiting at
-- most, by its keys. (A message may settle between these and the look: then it is among the former. Each of the two has its
-- own order and end, so that they are merged, and not sorted as a whole.)
CREATE OR REPLACE FUNCTION source_of_messages(p_org_id uuid, p_find json, p_from uuid, p_before uuid, p_waiting bigint)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_merged   CONSTANT text := format('(%%s ORDER BY id DESC LIMIT %s)', rows_looked_at());
    v_status   CONSTANT text := p_find ->> 'status';
    v_waits    CONSTANT boolean := v_status IN ('scheduled', 'held', 'queued', 'sending'); -- NULL: also
    v_range    CONSTANT text := concat_ws(' AND ', format('org_id = %L', p_org_id),
                                          condition_of('id >= %L::uuid', p_from::text),
                                          condition_of('id < %L::uuid', p_before::text));
    v_contacts CONSTANT bigint[] := contacts_meant(p_org_id, p_find);
    v_waiting  uuid[];
    v_settled  text;
BEGIN
    IF v_contacts IS NULL AND p_find ->> 'campaign_id' IS NOT NULL THEN -- whatever stands so
        RETURN format('SELECT * FROM messages m WHERE org_id = %L AND id = ANY (ARRAY(SELECT message_id '
                      'FROM campaign_messages k WHERE %s ORDER BY message_id DESC LIMIT %s))', p_org_id,
                      concat_ws(' AND ', format('org_id = %L', p_org_id),
                                condition_of('campaign_id = %L', p_find ->> 'campaign_id'),
                                condition_of('message_id >= %L', p_from::text),
                                condition_of('message_id < %L', p_before::text)), rows_looked_at());
    END IF;
    IF coalesce(v_waits, true) AND p_find ->> 'error' IS NULL AND p_find ->> 'direction' IS DISTINCT FROM 'inbound' THEN
        v_waiting := nullif(waiting_of(p_org_id, v_contacts, p_from, p_before, p_waiting), '{}');
    END IF;
    IF NOT coalesce(v_waits, false) THEN
        v_settled := concat_ws(' AND ', format('SELECT * FROM messages m WHERE is_settled(m) AND %s', v_range),
            CASE WHEN cardinality(v_contacts) = 1 THEN format('contact_id = %s', v_contacts[1])
                 WHEN v_contacts IS NOT NULL THEN -- (One who was several: each brings its newest.)
                     format('id = ANY (ARRAY(SELECT k.id FROM unnest(%L::bigint[]) AS c (id) CROSS JOIN LATERAL ('
                            'SELECT id FROM messages i WHERE contact_id = c.id AND is_settled(i) AND %s '
                            'ORDER BY id DESC LIMIT %s) k))', v_contacts, v_range, rows_looked_at())
                 WHEN v_status = 'failed' OR p_find ->> 'error' IS NOT NULL THEN 'error_code IS NOT NULL' END);
    END IF;
    RETURN concat_ws(' UNION ALL ', condition_of(c_merged, v_settled),
                     CASE WHEN v_waiting IS NOT NULL OR v_settled IS NULL THEN format(c_merged, format(
                         'SELECT * FROM messages m WHERE id = ANY (%L::uuid[]) AND org_id = %L AND NOT is_settled(m)',
                         coalesce(v_waiting, '{}'), p_org_id)) END);
END $$;
