-- What tests/bench/sql calls with. Each kind of call has a table here, a row for each call, whose columns are
-- called like the function's parameters: so a call names them, whatever their order in this version or that.

CREATE SCHEMA bench;
CREATE SEQUENCE bench.ids MINVALUE 0;

-- CPU time that this backend has used, in nanoseconds.
CREATE FUNCTION bench.cpu_ns() RETURNS bigint
LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::bigint;

CREATE FUNCTION bench.uuid7() RETURNS uuid
LANGUAGE sql VOLATILE
RETURN (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
        || lpad(to_hex(nextval('bench.ids') % 4096), 3, '0') || '8' || substr(md5(random()::text), 1, 15))::uuid;

CREATE TABLE bench.accept (call integer PRIMARY KEY, p_message_ids uuid[], p_org_ids uuid[],
    p_channel_ids uuid[], p_phones text[], p_user_ids text[], p_types text[], p_payloads text[],
    p_callback_data text[], p_priorities text[], p_send_ats bigint[], p_not_afters bigint[], p_keys text[],
    p_body_hashes bytea[]);
CREATE TABLE bench.claim (call integer PRIMARY KEY, p_claim_id uuid, p_org_ids uuid[], p_message_ids uuid[]);
CREATE TABLE bench.settle (call integer PRIMARY KEY, p_org_ids uuid[], p_message_ids uuid[], p_claim_ids uuid[],
    p_outcomes text[], p_wamids text[], p_error_messages text[], p_transients boolean[],
    p_retry_afters bigint[], p_error_subcodes bigint[], p_wa_ids text[], p_wa_user_ids text[]);
CREATE TABLE bench.apply (call integer PRIMARY KEY, p_phone_number_ids text[], p_wamids text[],
    p_message_ids uuid[], p_statuses text[], p_times bigint[], p_pricings text[], p_error_codes text[],
    p_error_messages text[], p_error_subcodes bigint[], p_user_ids text[]);
CREATE TABLE bench.receive (call integer PRIMARY KEY, p_ids uuid[], p_phone_number_ids text[], p_wamids text[],
    p_phones text[], p_user_ids text[], p_names text[], p_new_phones text[], p_types text[], p_texts text[],
    p_media_ids text[], p_mime_types text[], p_reply_tos text[], p_referrals text[], p_payloads text[],
    p_times bigint[], p_group_ids text[], p_summaries text[], p_error_codes text[], p_error_messages text[],
    p_changes text[], p_are_said boolean[], p_new_user_ids text[], p_words_later boolean);

-- Arrays are read as they are: nothing is unpacked while it is measured.
SELECT format('ALTER TABLE %s ALTER %I SET STORAGE external', attrelid::regclass, attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'bench'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.attstorage = 'x' \gexec

-- The statement that calls a function with the row of its table that $1 names.
CREATE FUNCTION bench.call(p_function text, p_table text) RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT format('SELECT r.* FROM bench.%I a CROSS JOIN LATERAL %I(%s) r WHERE a.call = $1', p_table,
                      p_function, string_agg(format('%1$s => a.%1$I', n.name), ', '))
          FROM pg_proc p
         CROSS JOIN LATERAL unnest(p.proargnames) WITH ORDINALITY AS n (name, place)
          JOIN pg_attribute c ON c.attrelid = format('bench.%I', p_table)::regclass AND c.attname = n.name
         WHERE p.oid = to_regproc(p_function) AND n.place <= p.pronargs);

-- The calls of one round: p_calls of p_size messages each, whose orgs take turns, each message to another contact:
-- one that is there already, or a new one. Where they are new, a quarter also fails, when it is settled or by a
-- status, and is refunded.
CREATE FUNCTION bench.make_calls(p_size integer, p_calls integer, p_orgs integer, p_new boolean) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    v_seed text := nextval('bench.ids');
BEGIN
    CREATE TEMP TABLE item ON COMMIT DROP AS
    SELECT g / p_size + 1 AS call, g AS n, bench.uuid7() AS message_id, gen_random_uuid() AS claim_id,
           bench.uuid7() AS inbound_id, p_new AND g % 4 = 1 AS fails, p_new AND g % 4 = 3 AS fails_late,
           format('00000000-0000-4000-8000-%s', lpad((1 + g % p_orgs)::text, 12, '0'))::uuid AS org_id,
           (100001 + g % p_orgs)::text AS phone_number_id,
           CASE WHEN p_new THEN '49' || lpad(v_seed, 7, '0') ELSE '491510' END
           || lpad((g / p_orgs)::text, 5, '0') AS phone
      FROM generate_series(0, p_size * p_calls - 1) AS g;

    TRUNCATE bench.accept, bench.claim, bench.settle, bench.apply, bench.receive;
    INSERT INTO bench.accept
    SELECT call, array_agg(message_id ORDER BY n), array_agg(org_id ORDER BY n), array_agg(NULL::uuid),
           array_agg(phone ORDER BY n), array_agg(NULL::text), array_agg('text'::text),
           array_agg(format('{"messaging_product":"whatsapp","recipient_type":"individual","to":"%s",'
                            '"type":"text","text":{"body":"Your order has been shipped and will arrive soon"},'
                            '"biz_opaque_callback_data":"%s"}', phone, message_id) ORDER BY n),
           array_agg(NULL::text), array_agg('high'::text), array_agg(NULL::bigint), array_agg(NULL::bigint),
           array_agg(NULL::text), array_agg(NULL::bytea)
      FROM item GROUP BY call;
    INSERT INTO bench.claim
    SELECT call, (array_agg(claim_id ORDER BY n))[1], array_agg(org_id ORDER BY n),
           array_agg(message_id ORDER BY n)
      FROM item GROUP BY call;
    INSERT INTO bench.settle
    SELECT i.call, array_agg(i.org_id ORDER BY n), array_agg(i.message_id ORDER BY n), array_agg(c.p_claim_id),
           array_agg(CASE WHEN i.fails THEN '131049' ELSE 'sent' END ORDER BY n),
           array_agg(CASE WHEN NOT i.fails THEN 'wamid.' || i.message_id END ORDER BY n),
           array_agg(CASE WHEN i.fails THEN 'Meta chose not to deliver' END ORDER BY n), array_agg(false),
           array_agg(0::bigint), array_agg(0::bigint), array_agg(NULL::text), array_agg(NULL::text)
      FROM item i JOIN bench.claim c ON c.call = i.call GROUP BY i.call;
    INSERT INTO bench.apply
    SELECT call, array_agg(phone_number_id ORDER BY n), array_agg('wamid.' || message_id ORDER BY n),
           array_agg(message_id ORDER BY n),
           array_agg(CASE WHEN fails_late THEN 'failed' ELSE 'delivered' END ORDER BY n),
           array_agg(extract(epoch FROM now())::bigint), array_agg(NULL::text),
           array_agg(CASE WHEN fails_late THEN '131049' END ORDER BY n),
           array_agg(CASE WHEN fails_late THEN 'Meta chose not to deliver' END ORDER BY n),
           array_agg(0::bigint), array_agg(NULL::text)
      FROM item WHERE NOT fails GROUP BY call;
    INSERT INTO bench.receive
    SELECT call, array_agg(inbound_id ORDER BY n), array_agg(phone_number_id ORDER BY n),
           array_agg('wamid.' || inbound_id ORDER BY n), array_agg(phone ORDER BY n), array_agg(NULL::text),
           array_agg('Somebody'::text), array_agg(NULL::text), array_agg('text'::text),
           array_agg('Where is my order?'::text), array_agg(NULL::text), array_agg(NULL::text), array_agg(NULL::text),
           array_agg(NULL::text),
           array_agg(format('{"from":"%s","id":"wamid.%s","timestamp":"1","type":"text",'
                            '"text":{"body":"Where is my order?"}}', phone, inbound_id) ORDER BY n),
           array_agg(extract(epoch FROM now())::bigint), array_agg(NULL::text), array_agg(NULL::text),
           array_agg(NULL::text), array_agg(NULL::text), array_agg(NULL::text), array_agg(true),
           array_agg(NULL::text), true
      FROM item GROUP BY call;
END $$;
