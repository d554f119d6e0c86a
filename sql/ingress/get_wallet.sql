-- get_wallet: the org's wallet as a JSON document, or no row. With the caller's rights, as get_message.
CREATE OR REPLACE FUNCTION get_wallet(p_org_id uuid) RETURNS TABLE (document json)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    SELECT row_to_json(d) FROM (
        SELECT w.org_id, money_text(w.balance) AS balance, w.currency
          FROM wallets w WHERE w.org_id = p_org_id) d;
END $$;
