-- ledger_before: how many rows of the org's ledger were booked before that time, which is the n of the last of them.
--
-- Times of the ledger are those at which transactions began, and so not quite in its order: two that book at the same
-- moment may have them the other way round. So a time is no place in the ledger by itself. The one that is found here,
-- bit by bit from the highest, never changes once all that began before that time has ended, whatever is booked later,
-- and a later time never has an earlier one: so periods that follow each other leave nothing out and share nothing.
CREATE OR REPLACE FUNCTION ledger_before(p_org_id uuid, p_time timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_n    bigint := 0;
    v_step bigint := 1::bigint << 40;
BEGIN
    WHILE v_step > 0 LOOP
        IF EXISTS (SELECT FROM wallet_transactions t
                    WHERE t.org_id = p_org_id AND t.n = v_n + v_step AND t.created_at < p_time) THEN
            v_n := v_n + v_step;
        END IF;
        v_step := v_step >> 1;
    END LOOP;
    RETURN v_n;
END $$;
