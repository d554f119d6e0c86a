-- take_janitor_lock: one janitor acts at a time, by an advisory lock of its session. Asking again while this
-- session holds the lock says true and takes nothing more.
--
-- Also lets PostgreSQL end this session when it is silent for 8 s: a janitor that does not come back, since it
-- or its machine stands still, then loses the lock, which nobody else would notice for hours. And lets it remember
-- where its looks have got to (core/looks.sql).
CREATE OR REPLACE FUNCTION take_janitor_lock() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    c_key CONSTANT bigint := x'746f6c6c67617465'::bigint; -- the word "tollgate" as eight bytes
BEGIN
    PERFORM set_config('idle_session_timeout', '8s', false), set_config('tollgate.remembers_looks', 'yes', false);
    RETURN EXISTS (SELECT FROM pg_locks l
                    WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.granted
                      AND l.classid::bigint << 32 | l.objid::bigint = c_key AND l.objsubid = 1)
        OR pg_try_advisory_lock(c_key);
END $$;
