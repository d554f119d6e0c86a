-- admin_list_operators: the operators, newest first, also those that were revoked.
CREATE OR REPLACE FUNCTION admin_list_operators(p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('operators', p_limit, array_agg(operator_document(p.o) ORDER BY p.place),
                   array_agg(to_json((p.o).id) ORDER BY p.place))
      FROM (SELECT o, row_number() OVER (ORDER BY o.created_at DESC, o.id DESC) AS place FROM operators o
             WHERE p_before_id IS NULL
                OR (o.created_at, o.id) < (SELECT b.created_at, b.id FROM operators b WHERE b.id = p_before_id)
             ORDER BY o.created_at DESC, o.id DESC LIMIT p_limit + 1) p;
$$;
