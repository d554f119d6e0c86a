-- end_sealing: a round has ended: what begin_sealing has said, under which key it has sealed (NULL: its worker has none),
-- and how many tokens it has left, since their key was not there, and since they did not open. Mostly that is nothing
-- new, and nothing is written.
CREATE OR REPLACE FUNCTION end_sealing(p_asked bigint, p_key text, p_no_key bigint, p_not_opened bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    UPDATE token_sealing s
       SET answered = p_asked, key = p_key, no_key = p_no_key, not_opened = p_not_opened
     WHERE (s.answered, s.key, s.no_key, s.not_opened)
           IS DISTINCT FROM (p_asked, p_key, p_no_key, p_not_opened);
$$;
