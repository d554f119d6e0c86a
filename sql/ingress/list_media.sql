-- list_media: the org's files, newest first: ids begin with the time.
CREATE OR REPLACE FUNCTION list_media(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_media media[];
BEGIN
    PERFORM read_for(p_org_id);
    SELECT array_agg(p.m ORDER BY (p.m).id DESC) INTO v_media
      FROM (SELECT m FROM media m
             WHERE m.org_id = p_org_id AND (p_before_id IS NULL OR m.id < p_before_id)
             ORDER BY m.id DESC LIMIT p_limit + 1) p;
    RETURN page_of('media', p_limit,
                   ARRAY(SELECT media_document(i) FROM unnest(v_media) i ORDER BY i.id DESC),
                   ARRAY(SELECT to_json(i.id) FROM unnest(v_media) i ORDER BY i.id DESC));
END $$;
