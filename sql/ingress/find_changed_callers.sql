-- find_changed_callers: the hashes, one behind the other, of the keys and sessions of which something has changed in
-- transactions from p_since on; none if that is null. The next question's p_since is p_until, and so no transaction is
-- missed that was under way meanwhile. It is less than this one's p_since only if the database is another one.
CREATE OR REPLACE FUNCTION find_changed_callers(p_since bigint) RETURNS TABLE (until bigint, hashes bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT pg_snapshot_xmin(s)::text::bigint,
           (SELECT string_agg(c.hash, '')
              FROM (SELECT k.key_hash AS hash FROM api_keys k
                     WHERE k.changed_in >= p_since::text::xid8 AND k.changed_in < pg_snapshot_xmax(s)
                    UNION ALL
                    SELECT unnest(ARRAY[e.token_hash, e.former_hash]) FROM sessions e
                     WHERE e.changed_in >= p_since::text::xid8 AND e.changed_in < pg_snapshot_xmax(s)) c)
      FROM pg_current_snapshot() s;
$$;
