-- remake_usage: has the daily figures of all orgs made anew from messages and the ledger (I14): a worker does, from the
-- newest day to the oldest. Until then they lack what is not made yet, and as_of is null.
CREATE OR REPLACE FUNCTION remake_usage() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM FROM usage_walk FOR UPDATE; -- who is adding ends first
    DELETE FROM usage_days;
    DELETE FROM usage_parts;
    DELETE FROM usage_messages;
    DELETE FROM usage_money;
    DELETE FROM usage_ledgers;
    UPDATE usage_walk SET as_of = NULL, began_at = NULL, next_org = NULL, due_at = '-infinity';
END $$;
