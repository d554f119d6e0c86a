-- The wallet procedures. Each locks the org's wallet and writes the ledger row in the caller's transaction.
--
-- A balance that is changed without them is recorded as an `adjustment` (core/money.sql).

-- Takes a fee. false, and nothing is changed, if the balance does not carry it or there is no wallet.
CREATE OR REPLACE FUNCTION deduct_service_fee(p_org_id uuid, p_amount numeric, p_description text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM check_amount(p_amount);
    PERFORM lock_wallets(ARRAY[p_org_id]);
    IF EXISTS (SELECT FROM wallets w WHERE w.org_id = p_org_id AND w.balance >= p_amount) THEN
        PERFORM book_alone(p_org_id, 'service_fee', -p_amount, p_description);
        RETURN true;
    END IF;
    RETURN false;
END $$;

-- Gives back a fee that deduct_service_fee took; returns the new balance. (Messages are refunded by
-- settle_sends, once each.)
CREATE OR REPLACE FUNCTION refund_service_fee(p_org_id uuid, p_amount numeric, p_description text)
RETURNS numeric LANGUAGE sql
RETURN book_alone(p_org_id, 'refund', check_amount(p_amount), p_description);

-- A customer has paid: adds to the wallet; returns the new balance.
CREATE OR REPLACE FUNCTION add_wallet_credits(p_org_id uuid, p_amount numeric, p_description text)
RETURNS numeric LANGUAGE sql
RETURN book_alone(p_org_id, 'recharge', check_amount(p_amount), p_description);
