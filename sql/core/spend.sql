-- spend(balance, fee): what is left of `balance` after each fee in turn, where a fee that what is left
-- does not carry is not taken.
CREATE OR REPLACE FUNCTION spend_step(p_left numeric, p_balance numeric, p_fee numeric)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(p_left, p_balance)
           - CASE WHEN p_fee <= coalesce(p_left, p_balance) THEN p_fee ELSE 0 END;
END $$;

CREATE OR REPLACE AGGREGATE spend(balance numeric, fee numeric) (
    sfunc = spend_step, stype = numeric
);
