-- admin_dismiss_dead_letter: lets a dead letter go, for a reason that the audit log keeps; answers with what it was.
CREATE OR REPLACE FUNCTION admin_dismiss_dead_letter(p_actor text, p_n bigint, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_letter dead_letters;
BEGIN
    PERFORM act_as(p_actor);
    v_letter := letter_numbered(p_n);
    PERFORM set_config('tollgate.reason', p_body ->> 'reason', true);
    DELETE FROM dead_letters d WHERE d.id = p_n;
    RETURN letter_document(v_letter);
END $$;
