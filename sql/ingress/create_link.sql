-- create_link: makes a link that lets one of the org's people into the console, once (core/links.sql): its session may do
-- no more than who makes it, whose rights are p_rights ("send,read").
CREATE OR REPLACE FUNCTION create_link(p_actor text, p_rights text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    IF NOT (CASE WHEN p_body::jsonb ? 'rights' THEN texts_of(p_body::jsonb -> 'rights') ELSE '{read}' END)
           <@ string_to_array(p_rights, ',') THEN
        PERFORM refuse('invalid_field', 'rights', 'rights must be some of ' || replace(p_rights, ',', ', ')
                                                  || ': those of who makes the link');
    END IF;
    RETURN made_link(p_org_id, p_body::jsonb);
END $$;
