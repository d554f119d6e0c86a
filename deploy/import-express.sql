-- What deploy/import-express does in Tollgate's database: the files in the working directory hold the old tables, as
-- text. Each kind has a table plan_KIND: a row for each old one, with its place in Tollgate, whether that is there
-- already, and what keeps it from coming. Variables: org ('': all), currency, namespace, dry_run.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET lock_timeout = '30s';
SET row_security = off;
SET timezone = 'UTC';
SET search_path = tollgate, pg_temp;

BEGIN;
-- One at a time; the number is the word "express" as seven bytes.
SELECT pg_advisory_xact_lock(x'65787072657373'::bigint) \g /dev/null

CREATE TEMP TABLE old_organizations (n bigint, id text, name text) ON COMMIT DROP;
CREATE TEMP TABLE old_channels (n bigint, id text, org_id text, phone_number_id text, access_token text, fee text,
                                status text, waba_id text) ON COMMIT DROP;
CREATE TEMP TABLE old_wallets (n bigint, org_id text, balance text, currency text) ON COMMIT DROP;
CREATE TEMP TABLE old_contacts (n bigint, id text, org_id text, phone text, name text, created_at text) ON COMMIT DROP;
CREATE TEMP TABLE old_automation_rules (n bigint, id text, org_id text, trigger text, reply text, active text)
    ON COMMIT DROP;
CREATE TEMP TABLE old_messages (n bigint, id text, org_id text, channel_id text, contact_id text, direction text,
                                type text, body text, wamid text, status text, created_at text, whole text)
    ON COMMIT DROP;
\copy old_organizations FROM organizations.copy
\copy old_channels FROM channels.copy
\copy old_wallets FROM wallets.copy
\copy old_contacts FROM contacts.copy
\copy old_automation_rules FROM automation_rules.copy
\copy old_messages FROM messages.copy
ANALYZE old_contacts, old_messages;

CREATE FUNCTION pg_temp.is_uuid(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

-- The id here of what has that id there: the same, if that is a UUID; else one made of it, the same each time.
CREATE FUNCTION pg_temp.new_id(p_namespace text, p_kind text, p_id text) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN pg_temp.is_uuid(p_id) THEN p_id::uuid
            ELSE (SELECT overlay(overlay(left(h, 32) PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid
                    FROM encode(sha256(convert_to(concat_ws(':', p_namespace, p_kind, p_id), 'UTF8')), 'hex') h) END;

-- A message's id tells its time (UUIDv7), whatever it was: made of that and the old one.
CREATE FUNCTION pg_temp.new_message_id(p_namespace text, p_id text, p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN (SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8'
                || substr(h, 4, 15))::uuid
          FROM encode(sha256(convert_to(concat_ws(':', p_namespace, 'message', p_id), 'UTF8')), 'hex') h);

-- The time that an old row tells; NULL: none that a row of the past may have. (Message ids begin in 1970.)
CREATE FUNCTION pg_temp.to_time(p_text text) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_time timestamptz;
BEGIN
    v_time := CASE WHEN p_text ~ '^[0-9]{4}-' THEN p_text END;
    RETURN CASE WHEN v_time BETWEEN 'epoch' AND now() + interval '1 day' THEN v_time END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

-- What a boolean, a number or a text may say instead; absent: yes; NULL: neither yes nor no.
CREATE FUNCTION pg_temp.is_true(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN lower(coalesce(p_text, 'true')) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
            WHEN lower(p_text) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END;

-- A number written in decimals; NULL: it is none.
CREATE FUNCTION pg_temp.to_number(p_text text) RETURNS numeric
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_text ~ '^-?[0-9]{1,30}(\.[0-9]{1,30})?$' THEN p_text::numeric END;

-- Rows that have no id, or one that others of their kind have too, also if only in another spelling.
CREATE TEMP TABLE nameless ON COMMIT DROP AS
SELECT i.kind, i.n, CASE WHEN i.id IS NULL THEN format('it has no id (row %s as the old database gave them)', i.n)
                         ELSE format('%s rows have its id', i.rows) END AS problem
  FROM (SELECT x.*, count(*) OVER (PARTITION BY x.kind, CASE WHEN pg_temp.is_uuid(x.id) THEN lower(x.id) ELSE x.id END
                                                        COLLATE "C") AS rows
          FROM (SELECT 'organization' AS kind, n, id FROM old_organizations
                UNION ALL SELECT 'channel', n, id FROM old_channels
                UNION ALL SELECT 'contact', n, id FROM old_contacts
                UNION ALL SELECT 'automation_rule', n, id FROM old_automation_rules
                UNION ALL SELECT 'message', n, id FROM old_messages) x) i
 WHERE i.id IS NULL OR i.rows > 1;
CREATE TEMP TABLE plan_organizations ON COMMIT DROP AS
SELECT o.id AS old_id, pg_temp.new_id(:'namespace', 'organization', o.id) AS id,
       coalesce(nullif(btrim(o.name), ''), o.id) AS name, coalesce(nullif(w.currency, ''), :'currency') AS currency,
       h.id IS NOT NULL AS is_here,
       CASE WHEN a.problem IS NOT NULL THEN a.problem
            WHEN h.id IS NULL AND coalesce(nullif(w.currency, ''), :'currency') !~ '^[A-Z]{3}$'
            THEN format('its wallet''s currency is %s, which is none', w.currency)
            WHEN h.currency <> nullif(w.currency, '')
            THEN format('its wallet is in %s, and in Tollgate in %s', w.currency, h.currency) END AS problem
  FROM old_organizations o
  LEFT JOIN (SELECT x.org_id, max(x.currency) AS currency FROM old_wallets x GROUP BY x.org_id) w ON w.org_id = o.id
  LEFT JOIN organizations h ON h.id = pg_temp.new_id(:'namespace', 'organization', o.id)
  LEFT JOIN nameless a ON a.kind = 'organization' AND a.n = o.n
 WHERE o.id = :'org' OR :'org' = '';
SELECT :'org' <> '' AND NOT EXISTS (SELECT FROM plan_organizations) AS is_nobody \gset
\if :is_nobody
DO 'BEGIN RAISE ''the old database has no organization of that id''; END';
\endif
-- Those that what follows may belong to.
CREATE TEMP TABLE orgs ON COMMIT DROP AS SELECT p.old_id, p.id FROM plan_organizations p WHERE p.problem IS NULL;
CREATE INDEX ON orgs (old_id);
INSERT INTO organizations (id, name, currency)
SELECT p.id, p.name, p.currency FROM plan_organizations p WHERE p.problem IS NULL AND NOT p.is_here;

-- Channels. An old one is the channel of its id, or that which its org has made for its number; of several the one
-- that is not disabled. (The old tables have one channel for each number; where they do not, nobody can tell whose.)
CREATE TEMP TABLE plan_channels ON COMMIT DROP AS
SELECT c.id AS old_id, c.org_id AS old_org_id, o.id AS org_id,
       coalesce(h.id, pg_temp.new_id(:'namespace', 'channel', c.id)) AS id, h.id IS NOT NULL AS is_here,
       c.phone_number_id, c.access_token, pg_temp.to_number(c.fee) AS fee, nullif(c.waba_id, '') AS waba_id,
       c.status AS old_status, CASE WHEN c.sends THEN 'active' ELSE 'disabled' END AS status,
       CASE WHEN a.problem IS NOT NULL THEN a.problem
            WHEN o.id IS NULL THEN format('its organization (%s) is not there or cannot come', c.org_id)
            WHEN h.id IS NOT NULL THEN NULL
            WHEN c.phone_number_id IS NULL OR c.phone_number_id !~ '^[0-9]{1,32}$'
            THEN format('its phone_number_id is "%s"', c.phone_number_id)
            WHEN c.access_token = '' THEN 'it has no access_token'
            WHEN c.access_token !~ '^[!-~]+$' THEN 'its access_token has blanks or letters that no token has'
            WHEN pg_temp.to_number(c.fee) IS NULL OR c.fee LIKE '-%' OR pg_temp.to_number(c.fee) >= 1e10
            THEN format('its fee is %s', c.fee)
            WHEN pg_temp.to_number(c.fee) <> round(pg_temp.to_number(c.fee), 4)
            THEN format('its fee of %s has more than four decimals', c.fee)
            WHEN c.sends AND c.sharing > 1
            THEN format('%s active channels have its phone_number_id %s', c.sharing, c.phone_number_id)
            WHEN c.sends AND EXISTS (SELECT FROM channels k
                                      WHERE k.phone_number_id = c.phone_number_id AND k.status <> 'disabled')
            THEN format('its phone_number_id %s is another organization''s in Tollgate', c.phone_number_id)
       END AS problem
  FROM (SELECT x.n, x.id, x.org_id, x.phone_number_id,
               btrim(coalesce(x.access_token, ''), E' \t\r\n') AS access_token, coalesce(x.fee, '0.20') AS fee,
               x.waba_id, x.status, x.sends,
               count(*) FILTER (WHERE x.sends) OVER (PARTITION BY x.phone_number_id) AS sharing
          FROM (SELECT y.*, coalesce(y.status, 'active') IN ('active', 'moved') AS sends FROM old_channels y) x) c
  LEFT JOIN orgs o ON o.old_id = c.org_id
  LEFT JOIN nameless a ON a.kind = 'channel' AND a.n = c.n
  LEFT JOIN LATERAL (
       SELECT k.id FROM channels k
        WHERE k.org_id = o.id AND (k.id = pg_temp.new_id(:'namespace', 'channel', c.id)
                                   OR k.phone_number_id = c.phone_number_id)
        ORDER BY k.id <> pg_temp.new_id(:'namespace', 'channel', c.id), k.status = 'disabled', k.number_since DESC
        LIMIT 1) h ON true
 WHERE c.org_id = :'org' OR :'org' = '';
INSERT INTO channels (org_id, id, phone_number_id, waba_id, access_token, service_fee_per_msg, status)
SELECT p.org_id, p.id, p.phone_number_id, p.waba_id, p.access_token, p.fee, p.status
  FROM plan_channels p WHERE p.problem IS NULL AND NOT p.is_here;

-- Wallets: what each has is booked once. The reference is what tells a repeat.
CREATE TEMP TABLE plan_wallets ON COMMIT DROP AS
SELECT w.org_id AS old_id, o.id AS org_id, pg_temp.to_number(w.balance) AS balance, t.amount AS booked,
       'opening of the Express wallet ' || o.id AS reference, t.n IS NOT NULL AS is_here,
       CASE WHEN o.id IS NULL THEN format('its organization (%s) is not there or cannot come', w.org_id)
            WHEN t.n IS NOT NULL THEN NULL
            WHEN w.wallets > 1 THEN format('its organization has %s wallets', w.wallets)
            WHEN pg_temp.to_number(w.balance) IS NULL THEN format('its balance is %s', coalesce(w.balance, 'null'))
            WHEN pg_temp.to_number(w.balance) < 0 THEN format('its balance of %s is below zero', w.balance)
            WHEN pg_temp.to_number(w.balance) <> round(pg_temp.to_number(w.balance), 4)
            THEN format('its balance of %s has more than four decimals', w.balance)
            WHEN pg_temp.to_number(w.balance) >= 5000000000
            THEN format('its balance of %s is more than a wallet takes', w.balance) END AS problem
  FROM (SELECT x.*, count(*) OVER (PARTITION BY x.org_id) AS wallets FROM old_wallets x) w
  LEFT JOIN orgs o ON o.old_id = w.org_id
  LEFT JOIN bookings b ON b.reference = 'opening of the Express wallet ' || o.id AND b.org_id = o.id
  LEFT JOIN wallet_transactions t ON t.org_id = b.org_id AND t.n = b.n
 WHERE w.org_id = :'org' OR :'org' = '';
SELECT count(adjust_wallet(p.org_id, p.balance, 'opening balance, from Express', p.reference))
  FROM (SELECT * FROM plan_wallets w WHERE w.problem IS NULL AND NOT w.is_here AND w.balance > 0
         ORDER BY w.org_id) p \g /dev/null
DO $$
BEGIN
    IF (SELECT (count(*), sum(p.balance)) FROM plan_wallets p
         WHERE p.problem IS NULL AND NOT p.is_here AND p.balance > 0)
       IS DISTINCT FROM
       (SELECT (count(*), sum(t.amount))
          FROM plan_wallets p JOIN bookings b ON b.reference = p.reference AND b.org_id = p.org_id
          JOIN wallet_transactions t ON t.org_id = b.org_id AND t.n = b.n AND t.amount = p.balance
         WHERE p.problem IS NULL AND NOT p.is_here) THEN
        RAISE 'what was booked is not what the old wallets had';
    END IF;
END $$;

-- Contacts, by their numbers: two that have one number, in whatever spelling, are one. A number is written as a send
-- may write it: digits of which others are made ("9.1E+11", "... ext. 5") would be somebody else's.
CREATE TEMP TABLE plan_contacts ON COMMIT DROP AS
SELECT c.*, least(c.phone, phone_alternative(c.phone)) AS key, NULL::bigint AS id, false AS is_here,
       CASE WHEN c.nameless IS NOT NULL THEN c.nameless
            WHEN c.org_id IS NULL THEN format('its organization (%s) is not there or cannot come', c.old_org_id)
            WHEN c.phone IS NULL OR c.phone !~ '^[1-9][0-9]{6,14}$'
            THEN format('its phone is "%s", which is no number with a country code', c.old_phone) END AS problem
  FROM (SELECT x.n, x.id AS old_id, x.org_id AS old_org_id, o.id AS org_id, x.phone AS old_phone,
               CASE WHEN x.phone ~ '^\s*\+?[0-9 .()\[\]-]*$' AND x.phone !~ '\(0\)'
                    THEN regexp_replace(regexp_replace(x.phone, '\D', '', 'g'), '^00', '') END AS phone,
               nullif(btrim(x.name), '') AS name,
               pg_temp.to_time(x.created_at) AS created_at, a.problem AS nameless
          FROM old_contacts x
          LEFT JOIN orgs o ON o.old_id = x.org_id
          LEFT JOIN nameless a ON a.kind = 'contact' AND a.n = x.n
         WHERE x.org_id = :'org' OR :'org' = '') c;
CREATE FUNCTION pg_temp.find_contact(p_org_id uuid, p_phone text) RETURNS bigint
LANGUAGE sql STABLE
RETURN coalesce((SELECT coalesce(c.merged_into, c.id) FROM contacts c WHERE c.org_id = p_org_id AND c.phone = p_phone),
                (SELECT coalesce(c.merged_into, c.id) FROM contacts c
                  WHERE c.org_id = p_org_id AND c.phone = phone_alternative(p_phone)));
UPDATE plan_contacts SET id = pg_temp.find_contact(org_id, phone) WHERE problem IS NULL;
UPDATE plan_contacts SET is_here = id IS NOT NULL WHERE problem IS NULL;
-- Those that are new have their ids now, and come at the end: whoever writes to one of them waits until we are done.
UPDATE plan_contacts p SET id = k.id
  FROM (SELECT d.org_id, d.key, nextval(pg_get_serial_sequence('contacts', 'id')) AS id
          FROM (SELECT DISTINCT c.org_id, c.key FROM plan_contacts c WHERE c.problem IS NULL AND NOT c.is_here) d) k
 WHERE p.org_id = k.org_id AND p.key = k.key AND p.problem IS NULL AND NOT p.is_here;
CREATE TEMP TABLE new_contacts ON COMMIT DROP AS
SELECT DISTINCT ON (p.id) p.org_id, p.id, p.phone, p.name, coalesce(p.created_at, now()) AS created_at
  FROM plan_contacts p WHERE p.problem IS NULL AND NOT p.is_here ORDER BY p.id, p.name IS NULL, p.n;
-- Of several that are one, one comes.
UPDATE plan_contacts p SET is_here = true
  FROM (SELECT c.n, row_number() OVER (PARTITION BY c.id ORDER BY c.n) AS place
          FROM plan_contacts c WHERE c.problem IS NULL AND NOT c.is_here) d
 WHERE d.n = p.n AND d.place > 1;
CREATE INDEX ON plan_contacts (old_id);
ANALYZE plan_contacts;

-- Rules. Express answers with the first that it reads whose trigger is in the text: so they are tried in that order.
-- A reply is a text there, whatever it looks like.
CREATE TEMP TABLE plan_automation_rules ON COMMIT DROP AS
SELECT r.*, CASE WHEN r.nameless IS NOT NULL THEN r.nameless
                 WHEN r.org_id IS NULL THEN format('its organization (%s) is not there or cannot come', r.old_org_id)
                 WHEN r.is_here THEN NULL
                 WHEN r.trigger IS NULL THEN 'it has no trigger'
                 WHEN r.is_active IS NULL THEN format('whether it is active is "%s"', r.old_active)
                 WHEN btrim(coalesce(r.reply, ''), E' \t\r\n') = '' THEN 'its reply is empty'
                 WHEN char_length(r.reply) > 4096 THEN 'its reply is longer than the 4,096 characters that Meta takes'
                 WHEN unknown_placeholder(to_json(r.reply)::text) IS NOT NULL
                 THEN format('its reply has %s, which stands for nothing in Tollgate',
                             unknown_placeholder(to_json(r.reply)::text))
                 WHEN r.is_active AND r.place > 500 THEN 'an organization has 500 active rules at the most'
            END AS problem
  FROM (SELECT x.id AS old_id, x.org_id AS old_org_id, o.id AS org_id, x.trigger, x.reply, h.id IS NOT NULL AS is_here,
               pg_temp.new_id(:'namespace', 'automation_rule', x.id) AS id,
               x.active AS old_active, pg_temp.is_true(x.active) AS is_active, a.problem AS nameless,
               row_number() OVER (PARTITION BY x.org_id ORDER BY x.n) AS priority,
               (SELECT count(*) FROM automation_rules a WHERE a.org_id = o.id AND a.active)
               + count(*) FILTER (WHERE h.id IS NULL AND pg_temp.is_true(x.active))
                 OVER (PARTITION BY x.org_id ORDER BY x.n) AS place
          FROM old_automation_rules x
          LEFT JOIN orgs o ON o.old_id = x.org_id
          LEFT JOIN nameless a ON a.kind = 'automation_rule' AND a.n = x.n
          LEFT JOIN automation_rules h ON h.org_id = o.id
               AND h.id = pg_temp.new_id(:'namespace', 'automation_rule', x.id)
         WHERE x.org_id = :'org' OR :'org' = '') r;

-- Messages. They have an origin and no fee, and stand in no outbox: so nothing follows from them.
CREATE TEMP TABLE plan_messages ON COMMIT DROP AS
WITH message AS (
    SELECT m.*, coalesce(m.org_id, c.old_org_id, k.old_org_id) AS old_org_id, c.id AS named_channel,
           c.org_id AS channel_org, k.id AS contact, k.org_id AS contact_org,
           CASE WHEN lower(m.direction) IN ('outbound', 'outgoing', 'out') THEN 'outbound'
                WHEN lower(m.direction) IN ('inbound', 'incoming', 'in') THEN 'inbound' END AS way,
           pg_temp.to_time(m.created_at) AS at, a.problem AS nameless
      FROM old_messages m
      LEFT JOIN nameless a ON a.kind = 'message' AND a.n = m.n
      LEFT JOIN plan_channels c ON c.old_id = m.channel_id AND c.problem IS NULL
      LEFT JOIN plan_contacts k ON k.old_id = m.contact_id AND k.problem IS NULL
), judged AS (
    SELECT m.*, o.id AS new_org, coalesce(m.named_channel, s.id) AS channel,
           CASE WHEN m.way = 'inbound' THEN 'received'
                WHEN lower(m.status) IN ('sent', 'delivered', 'read', 'failed') THEN lower(m.status)
                WHEN lower(m.status) = 'played' THEN 'read' END AS stands
      FROM message m
      LEFT JOIN orgs o ON o.old_id = m.old_org_id
      LEFT JOIN (SELECT c.org_id, (array_agg(c.id))[1] AS id FROM plan_channels c
                  WHERE c.problem IS NULL GROUP BY c.org_id HAVING count(*) = 1) s
             ON s.org_id = o.id AND m.channel_id IS NULL
     WHERE m.old_org_id = :'org' OR :'org' = ''
)
SELECT j.n, j.id AS old_id, j.new_org AS org_id, j.channel AS channel_id, j.contact AS contact_id, j.way AS direction,
       coalesce(nullif(j.type, ''), 'text') AS type, j.body, nullif(j.wamid, '') AS wamid, j.stands AS status, j.at,
       j.whole, false AS is_here, NULL::uuid AS id,
       CASE WHEN j.nameless IS NOT NULL THEN j.nameless
            WHEN j.new_org IS NULL THEN format('its organization (%s) is not there or cannot come', j.old_org_id)
            WHEN j.channel_id IS NULL AND j.channel IS NULL
            THEN 'it names no channel, and its organization has not just one'
            WHEN j.channel IS NULL THEN format('its channel (%s) is not there or cannot come', j.channel_id)
            WHEN j.channel_org <> j.new_org THEN format('its channel (%s) is another organization''s', j.channel_id)
            WHEN j.contact IS NULL THEN format('its contact (%s) is not there or cannot come', j.contact_id)
            WHEN j.contact_org <> j.new_org THEN format('its contact (%s) is another organization''s', j.contact_id)
            WHEN j.way IS NULL THEN format('its direction is %s', coalesce(j.direction, 'null'))
            WHEN j.stands IS NULL THEN format('its status is %s, which a message that was sent has not',
                                              coalesce(j.status, 'null'))
            WHEN j.at IS NULL THEN format('its time is %s, which is none of the past', coalesce(j.created_at, 'null'))
            WHEN length(j.wamid) > 512 THEN 'its wamid is longer than any of Meta''s' END AS problem
  FROM judged j;
UPDATE plan_messages SET id = pg_temp.new_message_id(:'namespace', old_id, at) WHERE problem IS NULL;
-- Express keeps a webhook that comes twice twice; one message has one wamid.
UPDATE plan_messages p SET is_here = true
  FROM (SELECT m.n, row_number() OVER (PARTITION BY m.channel_id, coalesce(m.wamid, m.id::text) ORDER BY m.n) AS place
          FROM plan_messages m WHERE m.problem IS NULL) d
 WHERE d.n = p.n
   AND (d.place > 1 OR EXISTS (SELECT FROM messages m WHERE m.id = p.id AND m.org_id = p.org_id)
        OR EXISTS (SELECT FROM messages m WHERE m.channel_id = p.channel_id AND m.wamid = p.wamid));

-- From here on others may have to wait for us.
INSERT INTO automation_rules (org_id, id, priority, match_kind, pattern, reply, active)
SELECT p.org_id, p.id, p.priority, 'contains', p.trigger, to_json(p.reply)::text, p.is_active
  FROM plan_automation_rules p WHERE p.problem IS NULL AND NOT p.is_here ORDER BY p.org_id, p.priority;
INSERT INTO contacts (org_id, id, phone, name, created_at) OVERRIDING SYSTEM VALUE
SELECT c.* FROM new_contacts c ORDER BY c.org_id, c.phone
ON CONFLICT DO NOTHING;
DO $$
BEGIN
    IF EXISTS (SELECT FROM new_contacts n
                WHERE NOT EXISTS (SELECT FROM contacts c WHERE c.org_id = n.org_id AND c.id = n.id)) THEN
        RAISE 'contacts of the same numbers have come meanwhile: run it again';
    END IF;
END $$;
-- (Express keeps no times but one. What is delivered or read has one, or a late status would set it back.)
INSERT INTO messages (id, org_id, channel_id, contact_id, origin, direction, type, payload, status, wamid, text,
                      created_at, sent_at, delivered_at, read_at, failed_at)
SELECT p.id, p.org_id, p.channel_id, p.contact_id, 'history', p.direction, p.type,
       CASE p.type WHEN 'text' THEN json_build_object('type', 'text', 'text', json_build_object('body', p.body),
                                                      'express', p.whole::json)
                   ELSE json_build_object('type', p.type, 'express', p.whole::json) END,
       p.status, p.wamid, p.body, p.at, p.at,
       CASE WHEN p.status IN ('delivered', 'read') THEN p.at END, CASE p.status WHEN 'read' THEN p.at END,
       CASE p.status WHEN 'failed' THEN p.at END
  FROM plan_messages p WHERE p.problem IS NULL AND NOT p.is_here
 ORDER BY p.id
ON CONFLICT DO NOTHING;
INSERT INTO conversations AS v (org_id, channel_id, contact_id, last_inbound_at, first_message_id)
SELECT p.org_id, p.channel_id, p.contact_id, max(p.at), (array_agg(p.id ORDER BY p.id))[1]
  FROM plan_messages p WHERE p.problem IS NULL AND NOT p.is_here AND p.direction = 'inbound'
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (org_id, channel_id, contact_id) DO UPDATE
   SET last_inbound_at = greatest(v.last_inbound_at, excluded.last_inbound_at),
       first_message_id = least(v.first_message_id, excluded.first_message_id);

-- The report. What comes from the old database stands in one line, whatever is in it.
CREATE FUNCTION pg_temp.in_line(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN regexp_replace(CASE WHEN length(p_text) > 300 THEN left(p_text, 300) || '...' ELSE p_text END,
                      '[[:cntrl:]]', '?', 'g');
CREATE TEMP VIEW planned AS
SELECT 1 AS place, 'organizations' AS kind, p.old_id, p.is_here, p.problem FROM plan_organizations p
UNION ALL SELECT 2, 'channels', p.old_id, p.is_here, p.problem FROM plan_channels p
UNION ALL SELECT 3, 'wallets', p.old_id, p.is_here OR p.balance = 0, p.problem FROM plan_wallets p
UNION ALL SELECT 5, 'contacts', p.old_id, p.is_here, p.problem FROM plan_contacts p
UNION ALL SELECT 6, 'automation_rules', p.old_id, p.is_here, p.problem FROM plan_automation_rules p
UNION ALL SELECT 7, 'messages', p.old_id, p.is_here, p.problem FROM plan_messages p;
SELECT k.kind, k.old, k.come, k.here, k.bad
  FROM (SELECT v.place, v.kind, count(p.kind)::text AS old,
               (count(p.kind) FILTER (WHERE p.problem IS NULL AND NOT p.is_here))::text AS come,
               (count(p.kind) FILTER (WHERE p.problem IS NULL AND p.is_here))::text AS here,
               (count(p.kind) FILTER (WHERE p.problem IS NOT NULL))::text AS bad
          FROM (VALUES (1, 'organizations'), (2, 'channels'), (3, 'wallets'), (5, 'contacts'), (6, 'automation_rules'),
                       (7, 'messages')) AS v (place, kind)
          LEFT JOIN planned p ON p.kind = v.kind GROUP BY v.place, v.kind
        UNION ALL
        SELECT 4, 'balances', money_text(coalesce(sum(w.balance), 0)),
               money_text(coalesce(sum(w.balance) FILTER (WHERE w.problem IS NULL AND NOT w.is_here), 0)),
               money_text(coalesce(sum(w.booked), 0)),
               money_text(coalesce(sum(w.balance) FILTER (WHERE w.problem IS NOT NULL), 0))
          FROM plan_wallets w) k
 ORDER BY k.place;
SELECT 'cannot', p.kind, pg_temp.in_line(p.old_id), pg_temp.in_line(p.problem) FROM planned p
 WHERE p.problem IS NOT NULL ORDER BY p.place, p.old_id;
SELECT 'note', 'wallets', pg_temp.in_line(p.old_id),
       format('%s was booked for it, and the old wallet has %s now: the difference is not booked',
              money_text(p.booked), money_text(p.balance))
  FROM plan_wallets p WHERE p.is_here AND p.problem IS NULL AND p.balance NOT IN (0, p.booked) ORDER BY p.old_id;
SELECT 'note', 'channels', pg_temp.in_line(p.old_id),
       format('it is disabled in Tollgate: its status is %s', pg_temp.in_line(p.old_status))
  FROM plan_channels p WHERE p.problem IS NULL AND NOT p.is_here AND p.status = 'disabled' ORDER BY p.old_id;
SELECT 'note', 'channels', NULL,
       format('%s of those that come are active in the old backend too: stop it, or what it spends is spent twice',
              count(*))
  FROM plan_channels p WHERE p.problem IS NULL AND NOT p.is_here AND coalesce(p.old_status, 'active') = 'active'
HAVING count(*) > 0;
SELECT 'note', 'contacts', NULL,
       format('%s of those that come have ten digits or fewer: with a country code?', count(*))
  FROM plan_contacts p WHERE p.problem IS NULL AND NOT p.is_here AND length(p.phone) <= 10
HAVING count(*) > 0;
SELECT 'note', 'automation_rules', pg_temp.in_line(p.old_id),
       'its reply has {name}, which Tollgate replaces by the contact''s name'
  FROM plan_automation_rules p
 WHERE p.problem IS NULL AND NOT p.is_here AND p.reply ~ '\{name(\|[^{}]+)?\}' ORDER BY p.old_id;

SELECT :'dry_run' = 'yes' AS is_dry \gset
\if :is_dry
ROLLBACK;
\else
COMMIT;
\endif
