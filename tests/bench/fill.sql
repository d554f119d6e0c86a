-- What tests/bench/fill runs: see there.

SET session_replication_role = replica; -- no trigger looks
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SELECT setseed(0.5) \g /dev/null

-- The indexes that are no constraint's go, and come again at the end.
CREATE TEMP TABLE made_again AS
SELECT format('%I', i.indexname) AS name, i.indexdef FROM pg_indexes i
 WHERE i.schemaname = 'tollgate'
   AND i.tablename IN ('messages', 'contacts', 'contact_terms', 'conversations', 'wallet_transactions')
   AND NOT EXISTS (SELECT FROM pg_constraint c
                    WHERE c.conindid = format('tollgate.%I', i.indexname)::regclass AND c.contype IN ('p', 'u'));
SELECT format('DROP INDEX tollgate.%s', name) FROM made_again \gexec

-- Which part of all each org has: but for the first one, the less the later it stands.
CREATE TEMP TABLE org AS
SELECT i, ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid AS id,
       CASE i WHEN 1 THEN :large / 100.0
              ELSE (1 - :large / 100.0) * (power((i - 1) / (:orgs - 1)::float8, 0.4)
                                           - power((i - 2) / (:orgs - 1)::float8, 0.4)) END AS part
  FROM generate_series(1, :orgs) i;
ALTER TABLE org ADD COLUMN first_contact bigint, ADD COLUMN people bigint;
UPDATE org o SET people = greatest(1, floor(o.part * :contacts));
UPDATE org o SET first_contact = s.before + 1
  FROM (SELECT i, sum(people) OVER (ORDER BY i) - people AS before FROM org) s WHERE s.i = o.i;

INSERT INTO organizations (id, name) SELECT id, 'Filled ' || i FROM org;
INSERT INTO wallet_locks (org_id) SELECT id FROM org;
INSERT INTO api_keys (org_id, name, key_hash) SELECT id, 'fill', sha256(('fill-key-' || i)::bytea) FROM org;

-- The numbers: of the first org 80, 15, 3, 1 and 1 percent of its messages go over each of five.
CREATE TEMP TABLE number AS
SELECT o.i, o.id AS org_id, c.n,
       ('00000000-0000-4000-9000-' || lpad((o.i * 10 + c.n)::text, 12, '0'))::uuid AS channel_id, c.low, c.high
  FROM org o
  JOIN (VALUES (1, 1, 0, 80), (1, 2, 80, 95), (1, 3, 95, 98), (1, 4, 98, 99), (1, 5, 99, 100), (2, 1, 0, 100),
               (3, 1, 0, 70), (3, 2, 70, 100)) AS c (kind, n, low, high)
    ON c.kind = CASE WHEN o.i = 1 THEN 1 WHEN o.i % 5 = 0 THEN 3 ELSE 2 END;
CREATE TEMP TABLE number_of AS
SELECT i, h, channel_id FROM number JOIN generate_series(0, 99) h ON h >= low AND h < high;
INSERT INTO channels (id, org_id, phone_number_id, access_token, max_mps, service_fee_per_msg)
SELECT channel_id, org_id, 7000000 + i * 10 + n, 'EAA', 10000, 0.20 FROM number;
INSERT INTO pace (org_id, channel_id) SELECT org_id, channel_id FROM number;

-- Names: a few are many people's, and most are few's. Which one is whose follows from the contact's id.
CREATE FUNCTION pg_temp.share(p_contact_id bigint, p_of bigint) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(p_contact_id, p_of) & 1073741823) / 1073741824.0;
CREATE TEMP TABLE called AS
SELECT k.kind, r.rank, initcap(CASE WHEN r.rank <= cardinality(k.usual) THEN k.usual[r.rank]
            ELSE s.begins[1 + r.rank % 30] || s.ends[1 + r.rank / 30 % 20] || s.ends[1 + r.rank / 600 % 20] END) AS word
  FROM (VALUES ('first', string_to_array('mohammed asha ravi priya amit neha rahul pooja sanjay anita vijay sunita '
                                         'deepak kavita arjun meera imran fatima karan divya anil rekha suresh', ' ')),
               ('last', string_to_array('kumar singh sharma khan patel devi rao das gupta reddy yadav ali nair joshi '
                                        'mehta iyer shah kaur verma khatri khanna mishra pillai thomas bose', ' ')))
       AS k (kind, usual)
 CROSS JOIN (SELECT string_to_array('a ba bha cha da de dha ga gu ha i ja ka kha la ma mo na ni pa pra ra ri sa sha '
                                    'shi su ta va ya', ' ') AS begins,
                    string_to_array('na ni ra ri sh t vi ya la li ma mi n nd nt r ksh ta th v', ' ') AS ends) s
 CROSS JOIN generate_series(1, 3000) AS r (rank);
ANALYZE called;
INSERT INTO contacts (org_id, id, phone, name, created_at) OVERRIDING SYSTEM VALUE
SELECT c.org_id, c.id, '91' || (7000000000 + c.id)::text, f.word || ' ' || l.word, now() - interval '1 year'
  FROM (SELECT o.id AS org_id, o.first_contact + k AS id
          FROM org o CROSS JOIN LATERAL generate_series(0, o.people - 1) k) c
  JOIN called f ON f.kind = 'first' AND f.rank = 1 + floor(3000 * power(pg_temp.share(c.id, 1), 2.5))
  JOIN called l ON l.kind = 'last' AND l.rank = 1 + floor(3000 * power(pg_temp.share(c.id, 2), 3))
 ORDER BY c.id;
-- Of each ten one has a card: what the org calls it, and tags.
INSERT INTO contact_cards (org_id, contact_id, name, tags)
SELECT c.org_id, c.id, CASE WHEN c.id % 50 = 7 THEN 'Dr ' || c.name END,
       CASE WHEN c.id % 500 = 7 THEN '{customer,vip}'::text[] ELSE '{customer}' END
  FROM contacts c WHERE c.id % 10 = 7;
INSERT INTO contact_terms (org_id, term, contact_id)
SELECT c.org_id, 'n:' || w, c.id FROM contacts c CROSS JOIN LATERAL words_of(c.name) w
 UNION
SELECT k.org_id, 'n:' || w, k.contact_id FROM contact_cards k CROSS JOIN LATERAL words_of(k.name) w
 UNION ALL
SELECT k.org_id, 't:' || t, k.contact_id FROM contact_cards k CROSS JOIN LATERAL unnest(k.tags) t
 ORDER BY 1, 2, 3;
SELECT setval('contacts_id_seq', (SELECT max(id) FROM contacts)) \g /dev/null

-- Whose the next message is: the orgs by the parts that they have, in steps, so that each is found at once.
CREATE TEMP TABLE turn AS
SELECT s AS step, o.i
  FROM (SELECT i, coalesce(lag(upto) OVER (ORDER BY i), 0) AS low, upto
          FROM (SELECT i, ceil(1000000 * sum(part) OVER (ORDER BY i))::integer AS upto FROM org) u) o
 CROSS JOIN LATERAL generate_series(o.low, least(o.upto, 1000000) - 1) s;
ALTER TABLE turn ADD PRIMARY KEY (step);
ANALYZE turn, org, number_of;

-- One after the other through the year. Some contacts have many messages, and most have few.
INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, fee, status, attempts, wamid,
                      error_code, error_message, text, created_at, sent_at, delivered_at, read_at, failed_at, refunded,
                      claimed_at, took_ms)
SELECT (lpad(to_hex((extract(epoch FROM d.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(d.g % 4096), 3, '0')
        || '8' || left(md5(d.g::text), 15))::uuid,
       d.org_id, d.channel_id, d.contact_id, CASE WHEN d.inbound THEN 'inbound' ELSE 'outbound' END, d.type,
       CASE WHEN d.inbound THEN json_build_object('from', '91' || (7000000000 + d.contact_id), 'id', 'wamid', 'timestamp',
                 '1763800000', 'type', d.type, 'text', json_build_object('body', d.said))
            WHEN d.type = 'text' THEN json_build_object('messaging_product', 'whatsapp', 'recipient_type', 'individual',
                 'to', '+91' || (7000000000 + d.contact_id), 'type', 'text', 'text', json_build_object('body', d.said))
            WHEN d.type = 'template' THEN json_build_object('messaging_product', 'whatsapp', 'to',
                 '+91' || (7000000000 + d.contact_id), 'type', 'template', 'template', json_build_object('name',
                 'order_update', 'language', json_build_object('code', 'en'), 'components', json_build_array(
                 json_build_object('type', 'body', 'parameters', json_build_array(
                 json_build_object('type', 'text', 'text', 'order ' || d.g))))))
            ELSE json_build_object('messaging_product', 'whatsapp', 'to', '+91' || (7000000000 + d.contact_id),
                 'type', d.type, d.type, json_build_object('link', 'https://example.com/a', 'caption', d.said)) END,
       CASE WHEN d.inbound THEN 0 ELSE 0.20 END,
       CASE WHEN d.inbound THEN 'received' WHEN d.ends < 0.60 THEN 'read' WHEN d.ends < 0.85 THEN 'delivered'
            WHEN d.ends < 0.95 THEN 'sent' ELSE 'failed' END,
       CASE WHEN d.inbound THEN 0 ELSE 1 END, 'wamid.HBgM' || encode(decode(md5('w' || d.g), 'hex'), 'base64'),
       CASE WHEN NOT d.inbound AND d.ends >= 0.95
            THEN (ARRAY['131049', '131026', '130472', '131047'])[1 + (d.g % 4)] END,
       CASE WHEN NOT d.inbound AND d.ends >= 0.95 THEN 'In order to maintain a healthy ecosystem ...' END,
       CASE WHEN d.inbound THEN d.said END, d.at, d.at + interval '1 second',
       CASE WHEN NOT d.inbound AND d.ends < 0.85 THEN d.at + interval '2 seconds' END,
       CASE WHEN NOT d.inbound AND d.ends < 0.60 THEN d.at + interval '9 seconds' END,
       CASE WHEN NOT d.inbound AND d.ends >= 0.95 THEN d.at + interval '1 second' END,
       NOT d.inbound AND d.ends >= 0.95 AND d.g % 4 IN (0, 2), d.at + interval '20 milliseconds', 350
  FROM (SELECT g.g, o.id AS org_id, n.channel_id,
               o.first_contact + floor(o.people * power(g.who, 2))::bigint AS contact_id, g.inbound, g.ends,
               now() - interval '1 year' + g.g * (interval '1 year' / :messages) AS at,
               CASE WHEN g.kind < 0.0001 AND NOT g.inbound THEN 'contacts' WHEN g.kind < 0.05 THEN 'image'
                    WHEN g.kind < 0.4 AND NOT g.inbound THEN 'template' ELSE 'text' END AS type,
               CASE g.g % 1000000 WHEN 7 THEN 'A zebra has come' ELSE
                    'Hello ' || (ARRAY['where is my order', 'thank you very much', 'please call me back',
                    'what does it cost', 'is it open on Sunday'])[1 + (g.g % 5)] || ' ' || g.g END AS said
          FROM (SELECT g, random() AS turn, random() AS who, random() < 0.33 AS inbound, random() AS ends,
                       random() AS kind, floor(100 * random())::integer AS h
                  FROM generate_series(1, :messages) g) g
          JOIN turn t ON t.step = floor(g.turn * 1000000)::integer
          JOIN org o ON o.i = t.i
          JOIN number_of n ON n.i = o.i AND n.h = g.h
         ORDER BY g.g) d;

INSERT INTO wallet_transactions (org_id, n, kind, amount, balance_after, message_id, description, created_at)
SELECT o.id, 1, 'recharge', 10000000, 10000000, NULL, 'filled', now() - interval '1 year' FROM org o
UNION ALL
SELECT m.org_id, 1 + row_number() OVER org, 'service_fee', -m.fee, 10000000 - m.fee * row_number() OVER org, m.id,
       'WhatsApp message', m.created_at
  FROM messages m WHERE m.fee > 0
WINDOW org AS (PARTITION BY m.org_id ORDER BY m.id);

INSERT INTO conversations (org_id, channel_id, contact_id, last_inbound_at, first_message_id, newest_id, unread,
                           read_until, opted_out_at)
SELECT m.org_id, m.channel_id, m.contact_id, max(m.created_at) FILTER (WHERE m.direction = 'inbound'),
       min(m.id::text COLLATE "C")::uuid, max(m.id::text COLLATE "C")::uuid, m.contact_id % 20 = 0,
       CASE WHEN m.contact_id % 20 > 0 THEN max(m.id::text COLLATE "C")::uuid END,
       CASE WHEN m.contact_id % 50 = 0 THEN now() END
  FROM messages m GROUP BY 1, 2, 3, m.contact_id HAVING bool_or(m.direction = 'inbound');

INSERT INTO outbox (org_id, message_id, channel_id, contact_id, seq, priority, state, due_at, look_at, not_after)
SELECT m.org_id, m.id, m.channel_id, m.contact_id, nextval('outbox_seq'), 'bulk', 'scheduled', 'infinity',
       now() + interval '1 year', now() + interval '1 year'
  FROM messages m WHERE m.org_id = (SELECT id FROM org WHERE i = 1) AND m.direction = 'outbound'
 ORDER BY m.id DESC LIMIT 1000;
UPDATE messages m SET status = 'queued', attempts = 0, wamid = NULL, sent_at = NULL, delivered_at = NULL, read_at = NULL,
                      failed_at = NULL, error_code = NULL, error_message = NULL, claimed_at = NULL, took_ms = NULL
  FROM outbox o WHERE o.message_id = m.id AND o.org_id = m.org_id;

SELECT indexdef FROM made_again \gexec
VACUUM (ANALYZE);
SELECT format('%s messages, %s contacts, %s conversations, %s orgs, of which the first has %s messages',
              count(*), (SELECT count(*) FROM contacts), (SELECT count(*) FROM conversations), :orgs,
              count(*) FILTER (WHERE org_id = (SELECT id FROM org WHERE i = 1))) FROM messages;
