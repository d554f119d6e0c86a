-- take_janitor_lock: one janitor acts at a time: the session that the row of janitor_seat names, while that lives.
-- Asking again while this session is the one says true and takes nothing more: it remembers the key, as the janitor
-- asks before each of its duties, and to look into pg_locks is dear.
--
-- That a session lives is told by an advisory lock that it has, under a number which it has drawn. Whoever else
-- may take advisory locks (everybody) and reads that number in pg_locks keeps nobody from the seat with it: what
-- counts is that this session has the lock.
--
-- Also lets PostgreSQL end this session when it is silent for 8 s: a janitor that does not come back, since it
-- or its machine stands still, then loses the seat, which nobody else would notice for hours. And lets it remember
-- where its looks have got to (core/looks.sql).
CREATE OR REPLACE FUNCTION take_janitor_lock() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_seat janitor_seat;
    v_key  bigint := ('x' || left(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint;
BEGIN
    IF current_setting('tollgate.is_home', true) IS DISTINCT FROM 'yes' THEN
        PERFORM expect_home();
    END IF;
    PERFORM set_config('idle_session_timeout', '8s', false), set_config('tollgate.remembers_looks', 'yes', false);
    SELECT * INTO v_seat FROM janitor_seat;
    IF v_seat.pid = pg_backend_pid() AND v_seat.key::text = current_setting('tollgate.janitor_key', true) THEN
        RETURN true;
    ELSIF is_seated(v_seat) THEN
        RETURN false;
    END IF;
    SELECT * INTO v_seat FROM janitor_seat FOR UPDATE; -- who takes it at this moment is waited for
    IF is_seated(v_seat) OR NOT pg_try_advisory_lock(v_key) THEN
        RETURN false;
    END IF;
    INSERT INTO janitor_seat AS s (pid, key) VALUES (pg_backend_pid(), v_key)
    ON CONFLICT (one) DO UPDATE SET pid = excluded.pid, key = excluded.key;
    PERFORM set_config('tollgate.janitor_key', v_key::text, false);
    RETURN true;
END $$;
