-- waiting_of: the newest of the org's messages that stand in the outbox, p_limit at most: to these contacts (NULL: to
-- anybody), and of ids from p_from to before p_before (NULL: without such an end). (length(...): the condition of the index,
-- tables/040_settled.sql.)
CREATE OR REPLACE FUNCTION waiting_of(p_org_id uuid, p_contact_ids bigint[], p_from uuid, p_before uuid, p_limit bigint)
RETURNS uuid[] LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_from   uuid := coalesce(p_from, '00000000-0000-0000-0000-000000000000');
    v_before uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
    IF p_contact_ids IS NULL THEN
        RETURN ARRAY(SELECT o.message_id FROM outbox o
                      WHERE o.org_id = p_org_id AND length(o.priority) > 0
                        AND o.message_id >= v_from AND o.message_id < v_before
                      ORDER BY o.message_id DESC LIMIT p_limit);
    END IF;
    RETURN ARRAY(SELECT o.message_id FROM channels c
                   JOIN outbox o ON o.channel_id = c.id AND o.contact_id = ANY (p_contact_ids) AND o.org_id = c.org_id
                  WHERE c.org_id = p_org_id AND o.message_id >= v_from AND o.message_id < v_before
                  ORDER BY o.message_id DESC LIMIT p_limit);
END $$;
