-- restore_rule: makes an org's rule what it was in version p_n.
CREATE OR REPLACE FUNCTION restore_rule(p_actor text, p_org_id uuid, p_id uuid, p_n bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN rule_document(restored_rule(p_org_id, p_id, p_n));
EXCEPTION WHEN check_violation THEN
    PERFORM refuse_rule(SQLERRM);
END $$;
