-- list_sessions: those of the org's that are good, the newest first; at most 200.
CREATE OR REPLACE FUNCTION list_sessions(p_org_id uuid) RETURNS TABLE (document json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('sessions', coalesce(json_agg(session_document(g) ORDER BY (g).created_at DESC), '[]'))
      FROM (SELECT s FROM sessions s
             WHERE s.org_id = p_org_id AND s.revoked_at IS NULL AND s.expires_at > now()
             ORDER BY s.created_at DESC, s.id LIMIT 200) AS l (g);
$$;
