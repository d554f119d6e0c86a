-- admin_get_channel: one channel of an org.
CREATE OR REPLACE FUNCTION admin_get_channel(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT channel_document(channel_named(p_org_id, p_id));
$$;
