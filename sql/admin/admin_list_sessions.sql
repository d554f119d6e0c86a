-- admin_list_sessions: who of the org's people is, or was, in the console, newest first.
CREATE OR REPLACE FUNCTION admin_list_sessions(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('sessions', p_limit, array_agg(session_document(p.s) ORDER BY p.place)
                                               FILTER (WHERE p.place IS NOT NULL),
                   array_agg(to_json((p.s).id) ORDER BY p.place))
      FROM org_named(p_org_id) o
      LEFT JOIN LATERAL (
           SELECT s, row_number() OVER (ORDER BY s.created_at DESC, s.id DESC) AS place FROM sessions s
            WHERE s.org_id = o.id
              AND (p_before_id IS NULL
                   OR (s.created_at, s.id) < (SELECT b.created_at, b.id FROM sessions b
                                               WHERE b.org_id = o.id AND b.id = p_before_id))
            ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit + 1) p ON true;
$$;
