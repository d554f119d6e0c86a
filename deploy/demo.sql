-- Three orgs to try Tollgate with, each with a number, 100.00 in its wallet, an API key and rules that answer
-- whoever writes "hi" or "Reply to" and its name. For a database that deploy/migrate has prepared; an org that
-- is there already stays as it is.
--
--     psql --quiet --no-align --tuples-only --file deploy/demo.sql "$TOLLGATE_POSTGRES_URL"
--
-- prints a line "name|org id|phone_number_id|API key" for each org that it made: a key is shown once.
-- With --set orgs=N it also makes N orgs for load tests, 00000000-0000-4000-8000- and 12 digits, whose
-- keys are load-key-1, load-key-2, ... and that have no rules: for a database that nobody else can reach.
\set ON_ERROR_STOP on
SET search_path = tollgate, pg_temp;

BEGIN;

CREATE TEMP TABLE demo (org_id, name, phone_number_id, waba_id, access_token) ON COMMIT DROP AS
VALUES ('11111111-1111-4111-8111-111111111111'::uuid, 'Acme', '123456', '1001', 'EAAdemo-acme'),
       ('22222222-2222-4222-8222-222222222222', 'Beta', '789012', '1002', 'EAAdemo-beta'),
       ('33333333-3333-4333-8333-333333333333', 'Gamma', '345678', '1003', 'EAAdemo-gamma');
DELETE FROM demo d WHERE EXISTS (SELECT FROM organizations o WHERE o.id = d.org_id);

INSERT INTO organizations (id, name) SELECT org_id, name FROM demo;
INSERT INTO channels (org_id, phone_number_id, waba_id, access_token, service_fee_per_msg)
SELECT org_id, phone_number_id, waba_id, access_token, 0.20 FROM demo;
INSERT INTO automation_rules (org_id, match_kind, pattern, reply)
SELECT org_id, 'exact', 'hi', 'Welcome to ' || name || ', {name}!' FROM demo
UNION ALL
SELECT org_id, 'starts_with', 'Reply to ' || name, name || ' has your message, {name}.' FROM demo;
UPDATE wallets SET balance = 100.00 WHERE org_id IN (SELECT org_id FROM demo);
SELECT name, org_id, phone_number_id, create_api_key(org_id, 'demo') FROM demo ORDER BY name;

\if :{?orgs}
-- As fast as Meta ever takes from one number, so that a load test meets no pacing.
CREATE TEMP TABLE load ON COMMIT DROP AS
SELECT i, ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid AS org_id
  FROM generate_series(1, :orgs) i;
DELETE FROM load l WHERE EXISTS (SELECT FROM organizations o WHERE o.id = l.org_id);
INSERT INTO organizations (id, name) SELECT org_id, 'Load ' || i FROM load;
INSERT INTO channels (org_id, phone_number_id, access_token, max_mps)
SELECT org_id, (100000 + i)::text, 'EAA-load-' || i, 10000 FROM load;
UPDATE wallets SET balance = 10000000 WHERE org_id IN (SELECT org_id FROM load);
INSERT INTO api_keys (org_id, name, key_hash)
SELECT org_id, 'load', sha256(('load-key-' || i)::bytea) FROM load;
\endif

COMMIT;
