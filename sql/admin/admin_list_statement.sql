-- admin_list_statement: as list_statement, and who has booked by hand, with which reference.
CREATE OR REPLACE FUNCTION admin_list_statement(p_org_id uuid, p_after bigint, p_until bigint, p_limit bigint)
RETURNS TABLE (n bigint, created_at text, kind text, amount text, balance_after text, message_id text, description text,
               actor text, reference text)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT s.*, b.actor, b.reference
      FROM list_statement(p_org_id, p_after, p_until, p_limit) s
      LEFT JOIN bookings b ON b.org_id = p_org_id AND b.n = s.n
     ORDER BY s.n;
$$;
