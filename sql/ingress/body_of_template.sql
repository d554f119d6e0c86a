-- body_of_template: a template's name, and the texts that it is filled in with. (It is a client's, of any shape.)
CREATE OR REPLACE FUNCTION body_of_template(p_template json) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_said      text := p_template ->> 'name';
    v_component json;
    v_parameter json;
BEGIN
    IF json_typeof(p_template -> 'components') = 'array' THEN
        FOR v_component IN SELECT c FROM json_array_elements(p_template -> 'components') c
                            WHERE json_typeof(c) = 'object' AND json_typeof(c -> 'parameters') = 'array' LOOP
            FOR v_parameter IN SELECT p FROM json_array_elements(v_component -> 'parameters') p
                                WHERE json_typeof(p) = 'object' LOOP
                v_said := concat_ws(' ', v_said, v_parameter ->> 'text');
            END LOOP;
        END LOOP;
    END IF;
    RETURN v_said;
END $$;
