-- admin_replay_dead_letter: has a dead letter applied once more; a worker does it at once. What anybody may have
-- written, since no right signature came with it, is replayed by its reason alone (replay_dead_letters).
CREATE OR REPLACE FUNCTION admin_replay_dead_letter(p_actor text, p_n bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_letter dead_letters;
BEGIN
    PERFORM act_as(p_actor);
    v_letter := letter_numbered(p_n);
    IF v_letter.retry_at = 'infinity' THEN
        PERFORM refuse('conflict', NULL, 'Anybody may have written it: no right signature came with it');
    END IF;
    UPDATE dead_letters d SET retry_at = now(), tries = 0 WHERE d.id = p_n RETURNING * INTO v_letter;
    RETURN letter_document(v_letter);
END $$;
