-- keep_templates_of: keeps a page of Meta's list (a JSON array of templates), of a look of this id. False: it is not under
-- that id any more, or somebody is just changing the account: the rest is not worth asking for.
CREATE OR REPLACE FUNCTION keep_templates_of(p_look_id uuid, p_org_id uuid, p_waba_id text, p_templates text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_asked_at timestamptz;
BEGIN
    SELECT a.asked_at INTO v_asked_at FROM template_accounts a
     WHERE a.org_id = p_org_id AND a.waba_id = p_waba_id AND a.look_id = p_look_id FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM keep_templates(p_org_id, p_waba_id, v_asked_at, p_templates::json);
    RETURN true;
END $$;
