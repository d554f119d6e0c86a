-- The wallet procedures. Each locks the org's wallet row, moves the balance and writes the ledger row
-- in the caller's transaction.
--
-- A balance changed by anything else is recorded by a trigger as an `adjustment` (core/money.sql).

-- Takes a fee. false, and nothing is changed, if the balance does not carry it or there is no wallet.
CREATE OR REPLACE FUNCTION deduct_service_fee(p_org_id uuid, p_amount numeric, p_description text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
DECLARE
    v_balance numeric;
BEGIN
    PERFORM check_amount(p_amount);
    UPDATE wallets SET balance = balance - p_amount, booked = booked - p_amount
     WHERE org_id = p_org_id AND balance >= p_amount
    RETURNING balance INTO v_balance;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, description)
    VALUES (p_org_id, 'service_fee', -p_amount, v_balance, p_description);
    RETURN true;
END $$;

-- Gives back a fee that deduct_service_fee took; returns the new balance. (Messages are refunded by
-- settle_sends, once each.)
CREATE OR REPLACE FUNCTION refund_service_fee(p_org_id uuid, p_amount numeric, p_description text)
RETURNS numeric LANGUAGE sql
RETURN book_credit(p_org_id, 'refund', p_amount, p_description);

-- A customer has paid: adds to the wallet; returns the new balance.
CREATE OR REPLACE FUNCTION add_wallet_credits(p_org_id uuid, p_amount numeric, p_description text)
RETURNS numeric LANGUAGE sql
RETURN book_credit(p_org_id, 'recharge', p_amount, p_description);
