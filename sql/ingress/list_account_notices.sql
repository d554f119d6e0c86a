-- list_account_notices: a page of what Meta has told of the org's accounts, as a JSON document, or no row if there is
-- no such org. With the caller's rights, as get_message; pages as those of list_wallet_transactions.
CREATE OR REPLACE FUNCTION list_account_notices(p_org_id uuid, p_before bigint, p_limit bigint)
RETURNS TABLE (document json)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    WITH page AS ( -- one row more than is shown tells whether there is a next page
        SELECT e.*, row_number() OVER (ORDER BY e.id DESC) AS place FROM account_notices e
         WHERE e.org_id = p_org_id AND e.id < p_before
         ORDER BY e.id DESC LIMIT p_limit + 1
    ), shown AS (
        SELECT p.id, p.field, p.event, p.waba_id, p.phone_number_id, p.value,
               time_text(p.received_at) AS received_at
          FROM page p WHERE p.place <= p_limit
    )
    SELECT row_to_json(d) FROM (
        SELECT coalesce((SELECT json_agg(row_to_json(s) ORDER BY s.id DESC) FROM shown s), '[]'::json) AS notices,
               CASE WHEN (SELECT count(*) FROM page) > p_limit
                    THEN (SELECT min(s.id) FROM shown s) END AS next_before
          FROM organizations o WHERE o.id = p_org_id) d;
END $$;
