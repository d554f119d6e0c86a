-- take_scheduler_lock: one scheduler acts at a time, by an advisory lock of its session. The key is the
-- word "tollgate" as eight bytes. Asking again while this session holds the lock says true and takes
-- nothing more.
--
-- A scheduler that does not come back soon, since it or its machine stands still, loses its session and
-- with it the lock: nobody else would notice for hours.
CREATE OR REPLACE FUNCTION take_scheduler_lock() RETURNS boolean
LANGUAGE sql
RETURN set_config('idle_session_timeout', '8s', false) IS NOT NULL
   AND CASE WHEN EXISTS (SELECT FROM pg_locks
                          WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
                            AND classid = x'746f6c6c'::bigint::oid
                            AND objid = x'67617465'::bigint::oid AND objsubid = 1)
            THEN true
            ELSE pg_try_advisory_lock(x'746f6c6c67617465'::bigint) END;
