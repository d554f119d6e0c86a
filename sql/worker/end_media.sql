-- end_media: these files lie in the store no more.
CREATE OR REPLACE FUNCTION end_media(p_org_ids uuid[], p_ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    UPDATE media m SET file = NULL
      FROM unnest(p_org_ids, p_ids) AS i (org_id, id)
     WHERE m.org_id = i.org_id AND m.id = i.id AND m.state IN ('failed', 'gone');
$$;
