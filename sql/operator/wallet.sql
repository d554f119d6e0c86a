-- The wallet procedures. Each locks the org's wallet and writes the ledger row in the caller's transaction, and who
-- has called it into bookings.
--
-- A reference (an invoice's number, a payment provider's id) counts once, over all orgs: who has not heard whether
-- it was committed calls again. The repeat changes nothing, says so by a NOTICE, and returns what the first one
-- would now; the same reference for another amount, org or procedure is an error.
--
-- A balance that is changed without them is recorded as an `adjustment` (core/money.sql).

-- Takes a fee. false, and nothing is changed, if the balance does not carry it or there is no wallet.
CREATE OR REPLACE FUNCTION deduct_service_fee(p_org_id uuid, p_amount numeric, p_description text,
                                              p_reference text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM check_amount(p_amount);
    PERFORM lock_wallets(ARRAY[p_org_id]);
    IF EXISTS (SELECT FROM wallets w WHERE w.org_id = p_org_id AND w.balance >= p_amount)
       OR EXISTS (SELECT FROM bookings b WHERE b.reference = p_reference) THEN
        PERFORM book_alone(p_org_id, 'service_fee', -p_amount, p_description, p_reference);
        RETURN true;
    END IF;
    RETURN false;
END $$;

-- Gives back a fee that deduct_service_fee took; returns the new balance. (Messages are refunded by
-- settle_sends, once each.)
CREATE OR REPLACE FUNCTION refund_service_fee(p_org_id uuid, p_amount numeric, p_description text,
                                              p_reference text DEFAULT NULL)
RETURNS numeric LANGUAGE sql
RETURN book_alone(p_org_id, 'refund', check_amount(p_amount), p_description, p_reference);

-- A customer has paid: adds to the wallet; returns the new balance. (Programs that were written for another backend
-- have the kind third: taken for the description, their descriptions would be references.)
CREATE OR REPLACE FUNCTION add_wallet_credits(p_org_id uuid, p_amount numeric, p_description text,
                                              p_reference text DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    IF lower(btrim(p_description)) IN ('recharge', 'credit', 'service_fee', 'refund', 'refund_reversal',
                                       'adjustment', 'reservation', 'release') THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('%L is a kind of ledger row, not a description', p_description),
                  HINT = 'add_wallet_credits(org, amount, description, reference) books a recharge; '
                         'refund_service_fee a refund, adjust_wallet an adjustment.';
    END IF;
    RETURN book_alone(p_org_id, 'recharge', check_amount(p_amount), p_description, p_reference);
END $$;

-- Corrects a balance by an amount, below zero for what is taken, for a reason; returns the new balance.
CREATE OR REPLACE FUNCTION adjust_wallet(p_org_id uuid, p_amount numeric, p_reason text,
                                         p_reference text DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'an adjustment needs a reason';
    END IF;
    PERFORM check_amount(abs(p_amount));
    RETURN book_alone(p_org_id, 'adjustment', p_amount, p_reason, p_reference);
END $$;
