-- Where the janitor's looks begin. What it has dealt with leaves dead entries at the left end of an index, and they
-- stay for as long as anybody holds a snapshot. So a look goes on from where the one before had nothing left to do;
-- what is written later stands further right.
--
-- But for what took a moment to be committed, or was locked: so from time to time a look is at everything, once a
-- second, or as seldom as makes it a hundredth of the work; and however slow it was (a machine may have had no time
-- for it), what was missed is not left alone for long.
--
-- The session that holds the janitor's lock remembers. Every other session looks at everything.

CREATE OR REPLACE FUNCTION look_from(p_look text) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_kept timestamptz[] := nullif(current_setting('tollgate.look_' || p_look, true), '');
BEGIN
    RETURN CASE WHEN clock_timestamp() BETWEEN v_kept[1] AND v_kept[2] THEN v_kept[1] ELSE '-infinity' END;
END $$;

-- Up to p_to a look that began then, from p_from on, has left nothing to do.
CREATE OR REPLACE FUNCTION keep_look(p_look text, p_began timestamptz, p_from timestamptz, p_to timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    c_slack  CONSTANT interval := '1 second'; -- from when a row says to when it is committed, nearly always
    c_most   CONSTANT interval := '10 seconds'; -- from one look at everything to the next
    v_name   text := 'tollgate.look_' || p_look;
    v_all    timestamptz;
BEGIN
    IF current_setting('tollgate.remembers_looks', true) = 'yes' THEN
        v_all := CASE p_from WHEN '-infinity'
                 THEN clock_timestamp() + least(c_most, greatest(c_slack, 100 * (clock_timestamp() - p_began)))
                 ELSE (current_setting(v_name)::timestamptz[])[2] END;
        PERFORM set_config(v_name, ARRAY[p_to - c_slack, v_all]::text, false);
    END IF;
END $$;
