-- What comes with an org and with a channel.

CREATE OR REPLACE FUNCTION open_wallet() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO wallet_locks (org_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION open_pace() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO pace (org_id, channel_id) VALUES (NEW.org_id, NEW.id);
    RETURN NULL;
END $$;
