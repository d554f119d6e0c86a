-- What comes with an org and with a channel.

CREATE OR REPLACE FUNCTION open_wallet() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO wallets (org_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER organizations_wallet AFTER INSERT ON organizations
FOR EACH ROW EXECUTE FUNCTION open_wallet();

CREATE OR REPLACE FUNCTION open_pace() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO pace (org_id, channel_id) VALUES (NEW.org_id, NEW.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER channels_pace AFTER INSERT ON channels
FOR EACH ROW EXECUTE FUNCTION open_pace();
