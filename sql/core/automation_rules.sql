-- A change of an org's rules, whoever makes it, raises its rules_version, which tells workers to read them
-- again.
CREATE OR REPLACE FUNCTION raise_rules_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE organizations o SET rules_version = o.rules_version + 1
     WHERE o.id IN (SELECT r.org_id FROM changed r);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER automation_rules_inserted AFTER INSERT ON automation_rules
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION raise_rules_version();
CREATE OR REPLACE TRIGGER automation_rules_updated AFTER UPDATE ON automation_rules
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION raise_rules_version();
CREATE OR REPLACE TRIGGER automation_rules_deleted AFTER DELETE ON automation_rules
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION raise_rules_version();
