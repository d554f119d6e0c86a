-- admin_list_wallet_transactions: the org's ledger, newest first, and who has booked by hand, with which reference.
CREATE OR REPLACE FUNCTION admin_list_wallet_transactions(p_org_id uuid, p_before bigint, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('transactions', p_limit, array_agg(row_to_json(p) ORDER BY p.id DESC) FILTER (WHERE p.id IS NOT NULL),
                   array_agg(to_json(p.id) ORDER BY p.id DESC))
      FROM org_named(p_org_id) o
      LEFT JOIN LATERAL (
           SELECT t.n AS id, t.kind, money_text(t.amount) AS amount, money_text(t.balance_after) AS balance_after,
                  t.message_id, t.description, b.actor, b.reference, time_text(t.created_at) AS created_at
             FROM wallet_transactions t LEFT JOIN bookings b ON b.org_id = t.org_id AND b.n = t.n
            WHERE t.org_id = o.id AND t.n < p_before
            ORDER BY t.n DESC LIMIT p_limit + 1) p ON true;
$$;
