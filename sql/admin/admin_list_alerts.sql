-- admin_list_alerts: what a person should look at, newest first: of all, or of one org; p_state: open (unless given)
-- or all.
CREATE OR REPLACE FUNCTION admin_list_alerts(p_org_id uuid, p_state text, p_before bigint, p_limit bigint)
RETURNS json LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF p_state NOT IN ('open', 'all') THEN
        PERFORM refuse('invalid_field', 'state', 'state must be open or all');
    END IF;
    RETURN (
        SELECT page_of('alerts', p_limit, array_agg(alert_document(p.a) ORDER BY (p.a).id DESC),
                       array_agg(to_json((p.a).id) ORDER BY (p.a).id DESC))
          FROM (SELECT a FROM alerts a
                 WHERE a.id < p_before AND (p_org_id IS NULL OR a.org_id = p_org_id)
                   AND (p_state = 'all' OR a.resolved_at IS NULL)
                 ORDER BY a.id DESC LIMIT p_limit + 1) p);
END $$;
