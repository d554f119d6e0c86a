-- admin_list_orgs: all orgs, or those of a name, newest first.
CREATE OR REPLACE FUNCTION admin_list_orgs(p_name text, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('orgs', p_limit, array_agg(org_document(p.o) ORDER BY p.place),
                   array_agg(to_json((p.o).id) ORDER BY p.place))
      FROM (SELECT o, row_number() OVER (ORDER BY o.created_at DESC, o.id DESC) AS place FROM organizations o
             WHERE (p_name IS NULL OR lower(o.name) = lower(p_name))
               AND (p_before_id IS NULL
                    OR (o.created_at, o.id) < (SELECT b.created_at, b.id FROM organizations b WHERE b.id = p_before_id))
             ORDER BY o.created_at DESC, o.id DESC LIMIT p_limit + 1) p;
$$;
