-- What deploy/migrate has made of the rooms. The temporary table made has every function of this version, and
-- of which room: its comment tells that from now on. Functions are executable by everybody unless told
-- otherwise; roles.sql says who may.
--
-- What an earlier version has made and this one has not is of no use to anybody any more: it goes, so that no
-- call could mean both a function and its former self. What somebody else has made is let alone.
DO $$
DECLARE
    v_statement text;
BEGIN
    -- (Of aggregates first, which are made of functions. Not ROUTINE: that takes the columns that a function
    -- returns for parameters, too.)
    FOR v_statement IN
        (SELECT format('DROP %s %s', CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
                       string_agg(p.oid::regprocedure::text, ', '))
           FROM pg_proc p
          WHERE p.pronamespace = 'tollgate'::regnamespace AND obj_description(p.oid, 'pg_proc') LIKE 'Room: %'
            AND p.oid NOT IN (SELECT m.function FROM made m)
          GROUP BY p.prokind ORDER BY p.prokind)
        UNION ALL
        SELECT format('COMMENT ON %s %s IS %L; REVOKE ALL ON FUNCTION %2$s FROM PUBLIC',
                      CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, p.oid::regprocedure,
                      'Room: ' || m.room)
          FROM made m JOIN pg_proc p ON p.oid = m.function
    LOOP
        EXECUTE v_statement;
    END LOOP;
END $$;
