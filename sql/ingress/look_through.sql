-- look_through: the keys, newest first, of those rows of a table that p_source names and p_filter lets pass: p_limit of
-- them and one more, where there is one. So that no page takes long, however few pass, no more than so many rows are
-- looked at: if that is why there are no more, looked_until is the key of the last one; else null. Both conditions are
-- the caller's own SQL; p_source must be one index's, so that the newest rows are read first, and no others.
CREATE OR REPLACE FUNCTION look_through(p_table text, p_key text, p_source text, p_filter text, p_limit bigint,
                                        OUT keys uuid[], OUT looked_until uuid)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_at CONSTANT bigint := 1000;
BEGIN
    EXECUTE format('SELECT array_agg(f.key) FROM (SELECT l.%2$I AS key FROM (SELECT * FROM %1$I WHERE %3$s '
                   'ORDER BY %2$I DESC LIMIT %5$s) l WHERE %4$s LIMIT %6$s) f',
                   p_table, p_key, p_source, p_filter, c_looked_at, p_limit + 1) INTO keys;
    keys := coalesce(keys, '{}');
    IF cardinality(keys) <= p_limit THEN
        EXECUTE format('SELECT %2$I FROM %1$I WHERE %3$s ORDER BY %2$I DESC OFFSET %4$s LIMIT 1',
                       p_table, p_key, p_source, c_looked_at - 1) INTO looked_until;
    END IF;
END $$;
