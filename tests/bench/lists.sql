-- What tests/bench/lists runs: see there.

CREATE TEMP TABLE org AS
SELECT * FROM (VALUES ('large', 1), ('middle', 40), ('small', 3000)) AS o (size, i)
 WHERE i <= (SELECT count(*) FROM organizations);
ALTER TABLE org ADD COLUMN id uuid, ADD COLUMN low bigint, ADD COLUMN high bigint;
UPDATE org SET id = ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid;
UPDATE org o SET low = c.low, high = c.high
  FROM (SELECT org_id, min(id) AS low, max(id) AS high FROM contacts GROUP BY org_id) c WHERE c.org_id = o.id;

-- What is asked for: {phone}, {contact}, {since} are others each time.
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
    ('list_conversations', '{"unread": true, "channel": "{rare}"}')) AS a (list, find);

CREATE TEMP TABLE took (n bigint, size text, deep boolean, ms float8, cpu_ms float8);

-- CPU time that this backend has used.
CREATE FUNCTION pg_temp.cpu_ms() RETURNS float8
LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::float8 / 1000000;

-- Each call is a transaction of its own, as an endpoint's is.
CREATE PROCEDURE pg_temp.measure(p_calls integer) LANGUAGE plpgsql AS $$
DECLARE
    v_ask     record;
    v_org     record;
    v_contact bigint;
    v_at      timestamptz;
    v_find    json;
    v_before  uuid;
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
                    v_find := replace(replace(replace(replace(replace(replace(v_ask.find,
                        '{phone}', '91' || (7000000000 + v_contact)), '{contact}', v_contact::text),
                        '{channel}', (7000001 + v_org.i * 10)::text),
                        '{rare}', (7000001 + v_org.i * 10 + CASE v_org.size WHEN 'large' THEN 4 ELSE 0 END)::text),
                        '{since}', time_text(v_at)), '{until}', time_text(v_at + interval '3 days'))::json;
                    v_before := CASE v_deep WHEN 1 THEN
                        first_id_of(CASE WHEN v_ask.find LIKE '%{since}%' THEN v_at + interval '1 day'
                                         ELSE now() - random() * interval '350 days' END) END;
                    v_cpu := pg_temp.cpu_ms();
                    SET LOCAL ROLE tollgate_ingress;
                    v_began := clock_timestamp();
                    IF v_ask.list = 'list_messages' THEN
                        PERFORM list_messages(v_org.id, v_find, v_before, 50);
                    ELSE
                        PERFORM list_conversations(v_org.id, v_find, v_before, 50);
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
