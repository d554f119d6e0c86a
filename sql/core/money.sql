-- What moves money within a wallet by hand: behind the wallet procedures (operator/wallet.sql), and behind
-- whoever writes a balance without them.

-- An amount of money to move: positive, not NaN, no more than four decimals.
CREATE OR REPLACE FUNCTION check_amount(p_amount numeric) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF p_amount IS NULL OR p_amount = 'NaN' OR p_amount <= 0 OR p_amount <> round(p_amount, 4) THEN
        RAISE invalid_parameter_value
            USING MESSAGE = 'amount must be above zero and have at most four decimals';
    END IF;
END $$;

-- Adds money to a wallet under the given kind; returns the new balance.
CREATE OR REPLACE FUNCTION book_credit(p_org_id uuid, p_kind text, p_amount numeric, p_description text)
RETURNS numeric
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
DECLARE
    v_balance numeric;
BEGIN
    PERFORM check_amount(p_amount);
    UPDATE wallets SET balance = balance + p_amount, booked = booked + p_amount
     WHERE org_id = p_org_id
    RETURNING balance INTO v_balance;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('org %s has no wallet', p_org_id);
    END IF;
    INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, description)
    VALUES (p_org_id, p_kind, p_amount, v_balance, p_description);
    RETURN v_balance;
END $$;

-- A balance that was changed by anything but a procedure is recorded as an `adjustment`.
CREATE OR REPLACE FUNCTION record_adjustment() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
BEGIN
    INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, description)
    VALUES (NEW.org_id, 'adjustment', NEW.balance - NEW.booked, NEW.balance,
            format('balance set by hand by %s', session_user));
    UPDATE wallets SET booked = NEW.balance WHERE org_id = NEW.org_id;
    RETURN NULL;
END $$;
