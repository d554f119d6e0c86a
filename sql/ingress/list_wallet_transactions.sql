-- list_wallet_transactions: a page of the org's ledger as a JSON document, or no row if the org has no
-- wallet. With the caller's rights, as get_message.
--
-- Newest first, p_limit rows below p_before. next_before is what to ask with for the next
-- page, null on the last one.
CREATE OR REPLACE FUNCTION list_wallet_transactions(p_org_id uuid, p_before bigint, p_limit bigint)
RETURNS TABLE (document json)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    WITH page AS ( -- one row more than is shown tells whether there is a next page
        SELECT t.*, row_number() OVER (ORDER BY t.n DESC) AS place FROM wallet_transactions t
         WHERE t.org_id = p_org_id AND t.n < p_before
         ORDER BY t.n DESC LIMIT p_limit + 1
    ), shown AS (
        SELECT p.n AS id, p.kind, money_text(p.amount) AS amount,
               money_text(p.balance_after) AS balance_after, p.message_id, p.description,
               time_text(p.created_at) AS created_at
          FROM page p WHERE p.place <= p_limit
    )
    SELECT row_to_json(d) FROM (
        SELECT coalesce((SELECT json_agg(row_to_json(s) ORDER BY s.id DESC) FROM shown s),
                        '[]'::json) AS transactions,
               CASE WHEN (SELECT count(*) FROM page) > p_limit
                    THEN (SELECT min(s.id) FROM shown s) END AS next_before
          FROM wallets w WHERE w.org_id = p_org_id) d;
END $$;
