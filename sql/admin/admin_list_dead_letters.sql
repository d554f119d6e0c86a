-- admin_list_dead_letters: what could not be applied, newest first: of all, of one org, for one reason.
CREATE OR REPLACE FUNCTION admin_list_dead_letters(p_org_id uuid, p_reason text, p_before bigint, p_limit bigint)
RETURNS json LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('dead_letters', p_limit, array_agg(letter_document(p.d) ORDER BY (p.d).id DESC),
                   array_agg(to_json((p.d).id) ORDER BY (p.d).id DESC))
      FROM (SELECT d FROM dead_letters d
             WHERE d.id < p_before AND (p_org_id IS NULL OR d.org_id = p_org_id)
               AND (p_reason IS NULL OR d.reason = p_reason)
             ORDER BY d.id DESC LIMIT p_limit + 1) p;
$$;
