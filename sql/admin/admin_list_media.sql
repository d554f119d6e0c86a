-- admin_list_media: an org's files, newest first.
CREATE OR REPLACE FUNCTION admin_list_media(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT list_media(p_org_id, p_before_id, p_limit);
$$;
