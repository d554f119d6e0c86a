-- move_rule: puts an org's rule elsewhere in the order in which they are tried.
CREATE OR REPLACE FUNCTION move_rule(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN rule_document(placed_rule(p_org_id, p_id, p_body));
END $$;
