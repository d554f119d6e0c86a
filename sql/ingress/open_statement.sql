-- open_statement: which rows of the org's ledger a statement has, from a time (0: the beginning of this month, in UTC)
-- to before another (0: now), in milliseconds of Unix time: those above after_n, to until_n. Refused if they are more
-- than p_rows_max. With the caller's rights, as get_message.
--
-- Rows never change, and what is booked meanwhile stands above until_n: so the pages of list_statement are those of one
-- moment.
CREATE OR REPLACE FUNCTION open_statement(p_org_id uuid, p_since_ms bigint, p_until_ms bigint, p_rows_max bigint)
RETURNS TABLE (after_n bigint, until_n bigint, opening text, closing text, since text, until text, currency text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_since timestamptz := coalesce(to_timestamp(nullif(p_since_ms, 0) / 1000.0),
                                    date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
    v_until timestamptz := coalesce(to_timestamp(nullif(p_until_ms, 0) / 1000.0), now());
BEGIN
    PERFORM read_for(p_org_id);
    IF v_until <= v_since THEN
        PERFORM refuse('invalid_field', 'until', 'until must be later than since');
    END IF;
    after_n := ledger_before(p_org_id, v_since);
    until_n := ledger_before(p_org_id, v_until);
    IF until_n - after_n > p_rows_max THEN
        PERFORM refuse('invalid_field', 'until', format('The period has %s rows, and a statement at most %s: ask for a '
                                                        'shorter one', until_n - after_n, p_rows_max));
    END IF;
    RETURN QUERY
    SELECT after_n, until_n, money_text(coalesce(b.opening, 0)), money_text(coalesce(b.closing, 0)), time_text(v_since),
           time_text(least(v_until, greatest(now(), v_since))), o.currency
      FROM organizations o
     CROSS JOIN (SELECT max(t.balance_after) FILTER (WHERE t.n = after_n) AS opening,
                        max(t.balance_after) FILTER (WHERE t.n = until_n) AS closing
                   FROM wallet_transactions t WHERE t.org_id = p_org_id AND t.n IN (after_n, until_n)) b
     WHERE o.id = p_org_id;
END $$;
