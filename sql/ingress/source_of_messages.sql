-- source_of_messages: where list_messages looks for what p_find describes: a condition that one index answers, in the
-- order of ids; NULL: among all that the org has.
CREATE OR REPLACE FUNCTION source_of_messages(p_org_id uuid, p_find json) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_few      CONSTANT integer := 1000; -- so many are sorted in no time
    v_contacts bigint[] := contacts_meant(p_org_id, p_find);
    v_status   text := p_find ->> 'status';
    v_waiting  uuid[];
BEGIN
    IF cardinality(v_contacts) = 1 THEN
        RETURN format('contact_id = %s', v_contacts[1]);
    ELSIF v_contacts IS NOT NULL THEN -- (One who was several: each brings its newest.)
        RETURN format('id = ANY (ARRAY(SELECT k.id FROM unnest(%L::bigint[]) AS c (id) CROSS JOIN LATERAL ('
                      'SELECT i.id FROM messages i WHERE i.contact_id = c.id AND i.attempts >= 0 AND i.org_id = %L ORDER BY i.id DESC '
                      'LIMIT %s) k))', v_contacts, p_org_id, c_few);
    ELSIF v_status IN ('scheduled', 'held', 'queued', 'sending') THEN
        v_waiting := ARRAY(SELECT w.message_id FROM channels c
                            CROSS JOIN LATERAL (SELECT o.message_id FROM outbox o
                                                 WHERE o.channel_id = c.id AND o.org_id = c.org_id
                                                 LIMIT c_few + 1) w
                            WHERE c.org_id = p_org_id LIMIT c_few + 1);
        RETURN CASE WHEN cardinality(v_waiting) <= c_few THEN format('id = ANY (%L::uuid[])', v_waiting) END;
    ELSIF v_status = 'failed' OR p_find ->> 'error' IS NOT NULL THEN
        RETURN 'error_code IS NOT NULL';
    END IF;
    RETURN NULL;
END $$;
