-- list_statement: a page of a statement's rows (open_statement), oldest first: those above p_after, to p_until, of which
-- up to p_limit. With the caller's rights, as get_message.
CREATE OR REPLACE FUNCTION list_statement(p_org_id uuid, p_after bigint, p_until bigint, p_limit bigint)
RETURNS TABLE (n bigint, created_at text, kind text, amount text, balance_after text, message_id text, description text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM read_for(p_org_id);
    RETURN QUERY
    SELECT t.n, time_text(t.created_at), t.kind, money_text(t.amount), money_text(t.balance_after), t.message_id::text,
           t.description
      FROM wallet_transactions t
     WHERE t.org_id = p_org_id AND t.n > p_after AND t.n <= p_until ORDER BY t.n LIMIT p_limit;
END $$;
