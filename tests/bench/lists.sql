-- What tests/bench/lists runs: see there.

CREATE TEMP TABLE org AS
SELECT * FROM (VALUES ('large', 1), ('middle', 40), ('small', 3000)) AS o (size, i)
 WHERE i <= (SELECT count(*) FROM organizations);
ALTER TABLE org ADD COLUMN id uuid, ADD COLUMN low bigint, ADD COLUMN high bigint;
UPDATE org SET id = ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid;
UPDATE org o SET low = c.low, high = c.high
  FROM (SELECT org_id, min(id) AS low, max(id) AS high FROM contacts GROUP BY org_id) c WHERE c.org_id = o.id;

-- What is asked for: {phone}, {contact}, {since} are others each time; so are {first} and {last}, a contact's names, and
-- {f} and {la}, with which they begin.
CREATE TEMP TABLE ask AS
SELECT row_number() OVER () AS n, a.* FROM (VALUES
    ('list_messages', '{}'), ('list_messages', '{"contact": "{phone}"}'),
    ('list_messages', '{"contact_id": {contact}, "channel": "{channel}"}'),
    ('list_messages', '{"channel": "{channel}"}'), ('list_messages', '{"channel": "{rare}"}'),
    ('list_messages', '{"direction": "inbound"}'), ('list_messages', '{"status": "failed"}'),
    ('list_messages', '{"status": "delivered"}'), ('list_messages', '{"status": "scheduled"}'),
    ('list_messages', '{"status": "unconfirmed"}'), ('list_messages', '{"type": "template"}'),
    ('list_messages', '{"type": "contacts"}'), ('list_messages', '{"error": "131049"}'),
    ('list_messages', '{"error": "190"}'),
    ('list_messages', '{"since": "{since}", "until": "{until}"}'),
    ('list_messages', '{"text": "order"}'), ('list_messages', '{"text": "zebra"}'),
    ('list_messages', '{"text": "zebra", "contact": "{phone}"}'),
    ('list_messages', '{"direction": "outbound", "status": "failed", "type": "image", "channel": "{rare}"}'),
    ('list_messages', '{"since": "{since}", "until": "{until}", "error": "131026", "type": "template"}'),
    ('list_conversations', '{}'), ('list_conversations', '{"unread": true}'), ('list_conversations', '{"unread": false}'),
    ('list_conversations', '{"channel": "{channel}"}'), ('list_conversations', '{"channel": "{rare}"}'),
    ('list_conversations', '{"contact": "{phone}"}'),
    ('list_conversations', '{"unread": true, "channel": "{rare}"}'),
    ('list_contacts', '{}'), ('list_contacts', '{"contact": "{phone}"}'), ('list_contacts', '{"tag": "customer"}'),
    ('list_contacts', '{"opted_out": true}'), ('list_contacts', '{"opted_out": false}'),
    ('list_contacts', '{"name": "{first}"}'), ('list_contacts', '{"name": "{f}"}'), ('list_contacts', '{"name": "nobody"}'),
    ('list_contacts', '{"name": "{first} {last}"}'), ('list_contacts', '{"name": "{first} {la}"}'),
    ('list_contacts', '{"name": "{f} {la}"}'), ('list_contacts', '{"name": "asha kh"}'),
    ('list_contacts', '{"name": "mohammed sharma"}'), ('list_contacts', '{"name": "kumar {first}"}'),
    ('list_contacts', '{"name": "kumar nobody"}'), ('list_contacts', '{"name": "a b d g k"}'),
    ('list_contacts', '{"name": "kumar", "opted_out": true}'), ('list_contacts', '{"name": "{first}", "opted_out": true}'),
    ('list_contacts', '{"name": "{f}", "opted_out": true, "tag": "customer"}'),
    ('list_contacts', '{"name": "{f}", "tag": "vip"}')) AS a (list, find);

DELETE FROM ask WHERE :'only' <> '' AND list <> 'list_' || :'only';

CREATE TEMP TABLE took (n bigint, size text, deep boolean, ms float8, cpu_ms float8);

-- CPU time that this backend has used.
CREATE FUNCTION pg_temp.cpu_ms() RETURNS float8
LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::float8 / 1000000;

-- What is asked of an org, with that contact and time in it.
CREATE FUNCTION pg_temp.find_of(p_find text, p_org org, p_contact bigint, p_at timestamptz) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_names text[] := (SELECT string_to_array(lower(c.name), ' ') FROM contacts c
                        WHERE c.org_id = p_org.id AND c.id = p_contact);
    v_find  text := p_find;
    v_value record;
BEGIN
    FOR v_value IN
        SELECT * FROM (VALUES
            ('phone', '91' || (7000000000 + p_contact)), ('contact', p_contact::text),
            ('channel', (7000001 + p_org.i * 10)::text),
            ('rare', (7000001 + p_org.i * 10 + CASE p_org.size WHEN 'large' THEN 4 ELSE 0 END)::text),
            ('since', time_text(p_at)), ('until', time_text(p_at + interval '3 days')),
            ('first', v_names[1]), ('f', left(v_names[1], 1)), ('last', v_names[2]), ('la', left(v_names[2], 2)))
            AS v (name, value)
    LOOP
        v_find := replace(v_find, '{' || v_value.name || '}', coalesce(v_value.value, ''));
    END LOOP;
    RETURN v_find;
END $$;

-- Where a page inside begins: before any time; of contacts, at any of them in the order of the first page, if there are more.
CREATE FUNCTION pg_temp.place_of(p_list text, p_org org, p_find json, p_contact bigint, p_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF p_list = 'list_contacts' THEN
        RETURN regexp_replace(list_contacts(p_org.id, p_find, NULL, 50) ->> 'next_before', '^[0-9]+', p_contact::text);
    END IF;
    RETURN first_id_of(CASE WHEN p_find ->> 'since' IS NOT NULL THEN p_at + interval '1 day'
                            ELSE now() - random() * interval '350 days' END);
END $$;

-- Each call is a transaction of its own, as an endpoint's is.
CREATE PROCEDURE pg_temp.measure(p_calls integer) LANGUAGE plpgsql AS $$
DECLARE
    v_ask     record;
    v_org     org;
    v_contact bigint;
    v_at      timestamptz;
    v_find    json;
    v_before  text;
    v_began   timestamptz;
    v_cpu     float8;
    v_ms      float8;
BEGIN
    FOR v_ask IN SELECT * FROM ask ORDER BY n LOOP
        FOR v_org IN SELECT * FROM org ORDER BY i LOOP
            FOR v_call IN -3 .. p_calls LOOP -- the first ones read the catalogue
                FOR v_deep IN 0 .. 1 LOOP
                    v_contact := v_org.low + floor((v_org.high - v_org.low + 1) * power(random(), 2));
                    v_at := now() - random() * interval '350 days';
                    v_find := pg_temp.find_of(v_ask.find, v_org, v_contact, v_at);
                    v_before := CASE v_deep WHEN 1 THEN pg_temp.place_of(v_ask.list, v_org, v_find, v_contact, v_at) END;
                    v_cpu := pg_temp.cpu_ms();
                    SET LOCAL ROLE tollgate_ingress;
                    v_began := clock_timestamp();
                    IF v_ask.list = 'list_messages' THEN
                        PERFORM list_messages(v_org.id, v_find, v_before::uuid, 50);
                    ELSIF v_ask.list = 'list_conversations' THEN
                        PERFORM list_conversations(v_org.id, v_find, v_before::uuid, 50);
                    ELSE
                        PERFORM list_contacts(v_org.id, v_find, v_before, 50);
                    END IF;
                    v_ms := 1000 * extract(epoch FROM clock_timestamp() - v_began);
                    RESET ROLE;
                    v_cpu := pg_temp.cpu_ms() - v_cpu;
                    IF v_call > 0 THEN
                        INSERT INTO took VALUES (v_ask.n, v_org.size, v_deep = 1, v_ms, v_cpu);
                    END IF;
                    COMMIT;
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
CALL pg_temp.measure(:calls);

SELECT format('%-92s %-7s %8s %8s %8s %8s %8s %8s', 'milliseconds (last: of CPU time)', 'org', 'first', 'p99',
              'inside', 'p99', 'CPU', 'p99');
SELECT format('%-92s %-7s %8s %8s %8s %8s %8s %8s%s', substr(a.list, 6) || ' ' || a.find, t.size, t.p[1], t.p[2], t.d[1],
              t.d[2], t.c[1], t.c[2], CASE WHEN CASE WHEN :by_cpu THEN t.c[2] ELSE greatest(t.p[2], t.d[2]) END >= 20
                                          THEN ' late' END)
  FROM (SELECT n, size,
               percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY ms) FILTER (WHERE NOT deep)::numeric(9, 2)[] AS p,
               percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY ms) FILTER (WHERE deep)::numeric(9, 2)[] AS d,
               percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY cpu_ms)::numeric(9, 2)[] AS c
          FROM took GROUP BY n, size) t
  JOIN ask a ON a.n = t.n ORDER BY t.n, t.size;
