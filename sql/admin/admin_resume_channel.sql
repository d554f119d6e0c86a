-- admin_resume_channel: what was paused, by whatever, sends again.
CREATE OR REPLACE FUNCTION admin_resume_channel(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT set_channel_status(p_actor, p_org_id, p_id, 'active');
$$;
