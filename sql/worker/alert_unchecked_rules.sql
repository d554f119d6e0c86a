-- alert_unchecked_rules: tells orgs of rules that no worker has checked for so long, so that they are not tried.
-- Returns how many that are new.
CREATE OR REPLACE FUNCTION alert_unchecked_rules(p_age_s bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_raised bigint;
BEGIN
    INSERT INTO alerts (org_id, rule_id, kind, outcome, message)
    SELECT r.org_id, r.id, 'rule_unchecked', 'state',
           'No worker has checked it yet, so it is not tried: does one with the role inbound run?'
      FROM automation_rules r
     WHERE r.active AND r.state = 'unchecked' AND r.written_at < now() - p_age_s * interval '1 second'
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_raised = ROW_COUNT;
    RETURN v_raised;
END $$;
