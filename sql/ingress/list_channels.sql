-- list_channels: the org's channels, newest first, also those that are disabled.
CREATE OR REPLACE FUNCTION list_channels(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_ids uuid[];
BEGIN
    PERFORM read_for(p_org_id);
    SELECT array_agg(p.id ORDER BY p.created_at DESC, p.id DESC) INTO v_ids
      FROM (SELECT c.id, c.created_at FROM channels c
             WHERE c.org_id = p_org_id
               AND (p_before_id IS NULL
                    OR (c.created_at, c.id) < (SELECT b.created_at, b.id FROM channels b
                                                WHERE b.org_id = p_org_id AND b.id = p_before_id))
             ORDER BY c.created_at DESC, c.id DESC LIMIT p_limit + 1) p;
    RETURN page_of('channels', p_limit,
                   ARRAY(SELECT CASE WHEN i.n <= p_limit THEN own_channel(p_org_id, i.id) END
                           FROM unnest(v_ids) WITH ORDINALITY AS i (id, n) ORDER BY i.n),
                   ARRAY(SELECT to_json(i.id) FROM unnest(v_ids) WITH ORDINALITY AS i (id, n) ORDER BY i.n));
END $$;
