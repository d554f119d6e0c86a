-- look_through: the keys, newest first, of those of p_rows that p_filter lets pass: p_limit of them and one more, where
-- there is one. So that no page takes long, however few pass, no more than rows_looked_at are looked at: if that is why
-- there are no more, looked_until is the key of the last one; else null. Both are the caller's own SQL; p_rows (a SELECT)
-- must be one index's, so that the newest rows are read first and no others, beside at most a few.
CREATE OR REPLACE FUNCTION look_through(p_rows text, p_key text, p_filter text, p_limit bigint,
                                        OUT keys uuid[], OUT looked_until uuid)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    EXECUTE format('SELECT array_agg(f.key) FROM (SELECT l.%2$I AS key FROM (SELECT * FROM (%1$s) r '
                   'ORDER BY %2$I DESC LIMIT %4$s) l WHERE %3$s LIMIT %5$s) f',
                   p_rows, p_key, p_filter, rows_looked_at(), p_limit + 1) INTO keys;
    keys := coalesce(keys, '{}');
    IF cardinality(keys) <= p_limit THEN
        EXECUTE format('SELECT %2$I FROM (%1$s) r ORDER BY %2$I DESC OFFSET %3$s LIMIT 1',
                       p_rows, p_key, rows_looked_at() - 1) INTO looked_until;
    END IF;
END $$;
