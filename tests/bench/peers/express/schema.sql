-- Tables and wallet procedures of the Express backend.
CREATE TABLE organizations (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);
CREATE TABLE channels (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id uuid NOT NULL REFERENCES organizations(id),
  phone_number_id text NOT NULL UNIQUE, access_token text NOT NULL,
  service_fee_per_msg numeric(12,2) NOT NULL DEFAULT 0.20, status text NOT NULL DEFAULT 'active');
CREATE INDEX ON channels (org_id);
CREATE TABLE wallets (org_id uuid PRIMARY KEY REFERENCES organizations(id), balance numeric(14,2) NOT NULL DEFAULT 0);
CREATE TABLE wallet_transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id uuid NOT NULL REFERENCES organizations(id), kind text NOT NULL,
  amount numeric(14,2) NOT NULL, balance_after numeric(14,2) NOT NULL, description text, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON wallet_transactions (org_id, created_at);
CREATE TABLE contacts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id uuid NOT NULL REFERENCES organizations(id),
  phone text NOT NULL, name text, created_at timestamptz NOT NULL DEFAULT now(), UNIQUE (org_id, phone));
CREATE TABLE messages (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id uuid NOT NULL REFERENCES organizations(id), channel_id uuid REFERENCES channels(id),
  contact_id uuid REFERENCES contacts(id), direction text NOT NULL, type text NOT NULL, body text, wamid text, status text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON messages (org_id, created_at);
CREATE INDEX ON messages (wamid);
CREATE TABLE automation_rules (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id uuid NOT NULL REFERENCES organizations(id),
  trigger text NOT NULL, reply text NOT NULL, active boolean NOT NULL DEFAULT true);
CREATE INDEX ON automation_rules (org_id);

CREATE FUNCTION deduct_service_fee(p_org uuid, p_amount numeric, p_description text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE b numeric;
BEGIN
  SELECT balance INTO b FROM wallets WHERE org_id = p_org FOR UPDATE;
  IF b IS NULL OR b < p_amount THEN RETURN false; END IF;
  UPDATE wallets SET balance = balance - p_amount WHERE org_id = p_org;
  INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, description)
  VALUES (p_org, 'service_fee', -p_amount, b - p_amount, p_description);
  RETURN true;
END $$;
CREATE FUNCTION add_wallet_credits(p_org uuid, p_amount numeric, p_kind text, p_description text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE b numeric;
BEGIN
  UPDATE wallets SET balance = balance + p_amount WHERE org_id = p_org RETURNING balance INTO b;
  INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, description) VALUES (p_org, p_kind, p_amount, b, p_description);
  RETURN b;
END $$;
