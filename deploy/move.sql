-- Takes orgs, numbers, keys, rules, contacts with their opt-outs, and balances over from an early version, whose
-- tables were in the schema public. Messages and the ledger of then stay where they are, to be read.
--
-- Wait until nothing stands in outbox, stop the daemons, and then, as the owner of the database:
--
--     psql "$TOLLGATE_POSTGRES_URL" -c 'ALTER SCHEMA public RENAME TO tollgate_early' -c 'CREATE SCHEMA public'
--     deploy/migrate
--     psql "$TOLLGATE_POSTGRES_URL" --file deploy/move.sql
\set ON_ERROR_STOP on
SET search_path = tollgate, pg_temp;

BEGIN;

-- Rules of then are tried as they are, and checked by a worker as those that an upgrade finds.
ALTER TABLE automation_rules DISABLE TRIGGER automation_rules_judged;
SELECT format('INSERT INTO %1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM tollgate_early.%1$I', t.name,
              (SELECT string_agg(quote_ident(e.attname), ', ')
                 FROM pg_attribute e
                 JOIN pg_attribute n ON n.attname = e.attname AND n.attrelid = t.name::regclass
                WHERE e.attrelid = ('tollgate_early.' || t.name)::regclass AND e.attnum > 0
                  AND NOT e.attisdropped))
  FROM unnest('{organizations,channels,api_keys,automation_rules,contacts,conversations}'::text[])
       WITH ORDINALITY AS t (name, n)
 ORDER BY t.n
\gexec
ALTER TABLE automation_rules ENABLE TRIGGER automation_rules_judged;
UPDATE automation_rules r SET state = 'former'
  FROM tollgate_early.automation_rules e WHERE e.org_id = r.org_id AND e.id = r.id;
SELECT setval(pg_get_serial_sequence('contacts', 'id'), coalesce(max(id), 0) + 1, false) FROM contacts \g /dev/null
SELECT add_wallet_credits(org_id, balance, 'balance of the early version')
  FROM tollgate_early.wallets WHERE balance > 0 \g /dev/null

COMMIT;
