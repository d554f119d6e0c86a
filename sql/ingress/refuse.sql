-- refuse: ends the call with what its caller is to hear (common/pg/pg.h): a code, the member or parameter that is
-- wrong (NULL: none is), and a sentence.
CREATE OR REPLACE FUNCTION refuse(p_code text, p_field text, p_message text) RETURNS void
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TG001', CONSTRAINT = p_code, COLUMN = coalesce(p_field, ''), MESSAGE = p_message;
END $$;
