-- admin_credit_wallet: a customer has paid; its reference (an invoice's number) counts once, over all orgs.
CREATE OR REPLACE FUNCTION admin_credit_wallet(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT book_for_operator(p_actor, p_org_id, 'recharge', (p_body ->> 'amount')::numeric,
                             coalesce(p_body ->> 'description', 'credit ' || (p_body ->> 'reference')),
                             p_body ->> 'reference');
$$;
