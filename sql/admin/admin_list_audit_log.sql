-- admin_list_audit_log: what was changed, newest first: of all, or of one org, by one actor, of one object.
CREATE OR REPLACE FUNCTION admin_list_audit_log(p_org_id uuid, p_actor_is text, p_object text, p_before bigint,
                                                p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('changes', p_limit, array_agg(row_to_json(p) ORDER BY p.n DESC),
                   array_agg(to_json(p.n) ORDER BY p.n DESC))
      FROM (SELECT a.n, time_text(a.at) AS at, a.actor, a.session_role, a.org_id, a.action, a.object, a.object_id,
                   a.before, a.after
              FROM audit_log a
             WHERE a.n < p_before AND (p_org_id IS NULL OR a.org_id = p_org_id)
               AND (p_actor_is IS NULL OR a.actor = p_actor_is) AND (p_object IS NULL OR a.object = p_object)
             ORDER BY a.n DESC LIMIT p_limit + 1) p;
$$;
