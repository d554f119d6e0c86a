-- admin_disable_channel: the number is no longer the org's: as if it were not there. That stays so.
CREATE OR REPLACE FUNCTION admin_disable_channel(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT set_channel_status(p_actor, p_org_id, p_id, 'disabled');
$$;
