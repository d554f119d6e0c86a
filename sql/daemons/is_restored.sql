-- is_restored: is the database one that was restored from a backup, of which deploy/after-restore does not know yet?
CREATE OR REPLACE FUNCTION is_restored() RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT coalesce((SELECT (r.system_identifier, r.table_oid) <> (w.system_identifier, w.table_oid)
                            OR r.timeline IS NOT NULL AND r.timeline <> w.timeline
                       FROM (SELECT * FROM restores ORDER BY n DESC LIMIT 1) r, whereabouts() w), true);
$$;
