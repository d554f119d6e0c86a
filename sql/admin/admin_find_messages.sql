-- admin_find_messages: messages of whichever org, newest first: of an id, of Meta's id (wamid), or to and from a phone.
-- By a phone so many of the newest are looked through; next_before is where to look on.
CREATE OR REPLACE FUNCTION admin_find_messages(p_id_is text, p_wamid text, p_phone text, p_before_id uuid,
                                               p_limit bigint)
RETURNS json LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_through CONSTANT bigint := 100000;
    v_found messages[];
    v_last  uuid;
BEGIN
    IF num_nonnulls(p_id_is, p_wamid, p_phone) <> 1 THEN
        PERFORM refuse('invalid_field', 'id', 'Exactly one of id, wamid and phone must be given');
    ELSIF p_id_is IS NOT NULL THEN
        IF p_id_is !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
            PERFORM refuse('invalid_field', 'id', 'id must be a UUID');
        END IF;
        v_found := ARRAY(SELECT m FROM messages m WHERE m.id = p_id_is::uuid);
    ELSIF p_wamid IS NOT NULL THEN
        v_found := ARRAY(SELECT m FROM channels c CROSS JOIN LATERAL (
                             SELECT k AS m FROM messages k
                              WHERE k.channel_id = c.id AND k.org_id = c.org_id AND k.wamid = p_wamid LIMIT 1) m);
    ELSE
        WITH contact AS MATERIALIZED (
            SELECT o.id AS org_id, k.id AS contact_id
              FROM organizations o
             CROSS JOIN LATERAL (
                   SELECT coalesce(w.merged_into, w.id) AS id FROM contacts w
                    WHERE w.org_id = o.id AND w.phone = regexp_replace(p_phone, '[^0-9]', '', 'g')) k
        ), looked AS MATERIALIZED (
            SELECT m, m.id FROM messages m
             WHERE m.id < coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY m.id DESC
             LIMIT c_looked_through
        ), found AS (
            SELECT l.m, l.id FROM looked l
             WHERE ((l.m).org_id, (l.m).contact_id) IN (SELECT c.org_id, c.contact_id FROM contact c)
             ORDER BY l.id DESC LIMIT p_limit + 1
        )
        SELECT (SELECT array_agg(f.m ORDER BY f.id DESC) FROM found f),
               (SELECT CASE WHEN count(*) = c_looked_through THEN min(l.id::text)::uuid END FROM looked l)
          INTO v_found, v_last;
    END IF;
    RETURN json_build_object(
        'messages', coalesce((SELECT json_agg(message_line(f) ORDER BY f.id DESC)
                                FROM unnest(v_found[:p_limit]) f), '[]'::json),
        'next_before', CASE WHEN cardinality(v_found) > p_limit THEN v_found[p_limit].id ELSE v_last END);
END $$;
