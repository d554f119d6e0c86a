-- renew_templates: Meta is asked for templates soon, as something has just been changed there: of the account of that id, or of
-- the one that has the template of that id. What else the id may be of changes nothing. Waits for who writes the account's.
CREATE OR REPLACE FUNCTION renew_templates(p_org_id uuid, p_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    UPDATE template_accounts a SET due_at = least(a.due_at, clock_timestamp() + interval '5 seconds')
     WHERE a.org_id = p_org_id
       AND a.waba_id IN (p_id, (SELECT t.waba_id FROM templates t WHERE t.org_id = p_org_id AND t.id = p_id));
$$;
