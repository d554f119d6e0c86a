-- admin_pause_channel: what waits goes on waiting, and nothing new is taken, until somebody resumes it.
CREATE OR REPLACE FUNCTION admin_pause_channel(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT set_channel_status(p_actor, p_org_id, p_id, 'paused');
$$;
