-- next_due: milliseconds until the janitor has something to do here; 0: now; -1: nothing waits.
CREATE OR REPLACE FUNCTION next_due() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_from timestamptz := look_from('due');
BEGIN
    -- (greatest ignores nulls: it would make 0 of "nothing waits".)
    RETURN (SELECT CASE WHEN min(o.look_at) IS NULL THEN -1
                        ELSE greatest(0, ceil(extract(epoch FROM min(o.look_at) - clock_timestamp()) * 1000))
                   END FROM outbox o WHERE o.look_at >= v_from);
END $$;
