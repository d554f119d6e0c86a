-- A change of an org's rules, whoever makes it, raises its rules_version, which tells workers to read them again.
CREATE OR REPLACE FUNCTION raise_rules_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE organizations o SET rules_version = o.rules_version + 1
     WHERE o.id IN (SELECT r.org_id FROM changed r);
    RETURN NULL;
END $$;
