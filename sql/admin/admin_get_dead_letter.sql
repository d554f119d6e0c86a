-- admin_get_dead_letter: a dead letter with what it says: as text, or what is no text in base64.
CREATE OR REPLACE FUNCTION admin_get_dead_letter(p_n bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_letter dead_letters := letter_numbered(p_n);
    v_text   text := text_or_null(v_letter.body);
BEGIN
    RETURN (letter_document(v_letter)::jsonb
            || jsonb_build_object('body', v_text, 'body_base64', CASE WHEN v_text IS NULL THEN
                                  translate(encode(v_letter.body, 'base64'), E'\n', '') END))::json;
END $$;
