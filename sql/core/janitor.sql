-- is_seated: does the session that took the janitor's seat live? (A later session with its pid has not its lock.)
CREATE OR REPLACE FUNCTION is_seated(p_seat janitor_seat) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN EXISTS (SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.pid = p_seat.pid AND l.objsubid = 1
                  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                  AND l.classid::bigint << 32 | l.objid::bigint = p_seat.key);
