-- What erase_contact (operator/erase_contact.sql) is made of, and what is left of who was erased: opt-outs, under
-- keyed hashes. A person's names here: phones with a + before them, and user ids.

-- erased_hash: of a name of an org's; NULL for NULL. A phone that has two forms has one hash.
CREATE OR REPLACE FUNCTION erased_hash(p_org_id uuid, p_name text) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(k.key || sha256(k.key || convert_to(p_org_id || ' ' || CASE WHEN p_name LIKE '+%'
               THEN least(substr(p_name, 2), phone_alternative(substr(p_name, 2))) ELSE p_name END, 'UTF8')))
      FROM erasure_key k;
$$;

-- erased_hashes: of a phone and a user id (or NULL); NULL if the org has erased nobody who had opted out.
CREATE OR REPLACE FUNCTION erased_hashes(p_org_id uuid, p_phone text, p_user_id text) RETURNS bytea[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (SELECT FROM erased_opt_outs e WHERE e.org_id = p_org_id) THEN
        RETURN ARRAY[erased_hash(p_org_id, '+' || p_phone), erased_hash(p_org_id, p_user_id)];
    END IF;
    RETURN NULL;
END $$;

-- Who had opted out and was erased, and is a contact again by what was told of it just now, has opted out still.
CREATE OR REPLACE FUNCTION recall_opt_outs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_back record; -- of each an array
BEGIN
    IF EXISTS (SELECT FROM erased_opt_outs) THEN
        WITH back AS (
            DELETE FROM erased_opt_outs e USING n
             WHERE e.org_id = n.org_id AND e.hash = ANY (erased_hashes(n.org_id, n.phone, n.user_id))
            RETURNING e.*, coalesce(n.merged_into, n.id) AS contact_id
        )
        SELECT array_agg(b.org_id) AS orgs, array_agg(b.channel_id) AS channels, array_agg(b.contact_id) AS contacts,
               array_agg(true) AS opt_outs, array_agg(b.opted_out_at) AS times
          INTO v_back FROM back b;
        PERFORM set_preferences(v_back.orgs, v_back.channels, v_back.contacts, v_back.opt_outs, v_back.times);
    END IF;
    RETURN NULL;
END $$;

-- names_of: by which names these contacts, and the one that is asked for, are known: phones in both forms.
CREATE OR REPLACE FUNCTION names_of(p_org_id uuid, p_contact_ids bigint[], p_phone text, p_user_id text) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT s.name)
      FROM (SELECT c.phone, c.user_id FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (p_contact_ids)
            UNION ALL SELECT p_phone, p_user_id) k
     CROSS JOIN LATERAL (VALUES ('+' || k.phone), ('+' || phone_alternative(k.phone)), (k.user_id)) AS s (name)
     WHERE s.name IS NOT NULL;
$$;

-- naming: a regular expression that finds one of these names in a text, also in bytes that encode(..., 'escape') shows.
CREATE OR REPLACE FUNCTION naming(p_names text[]) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT '(^|[^0-9A-Za-z]|\\[0-7]{3})('
           || string_agg(regexp_replace(ltrim(s.name, '+'), '([^0-9A-Za-z])', '\\\1', 'g'), '|') || ')($|[^0-9A-Za-z])'
      FROM unnest(p_names) AS s (name);
$$;

-- end_waiting: what waits to leave to these contacts is cancelled, and refunded; what is at Meta just now is not tried
-- again. The caller holds the wallet.
CREATE OR REPLACE FUNCTION end_waiting(p_org_id uuid, p_contact_ids bigint[], OUT cancelled bigint, OUT refunded bigint,
                                       OUT leaving bigint)
LANGUAGE plpgsql AS $$
DECLARE
    v_messages uuid[];
BEGIN
    SELECT array_agg(l.message_id) INTO v_messages
      FROM (SELECT o.message_id FROM channels h
              JOIN outbox o ON o.channel_id = h.id AND o.contact_id = ANY (p_contact_ids) AND o.org_id = h.org_id
             WHERE h.org_id = p_org_id ORDER BY o.seq, o.message_id FOR NO KEY UPDATE OF o) l;
    SELECT 0, 0, 0 INTO cancelled, refunded, leaving;
    IF v_messages IS NULL THEN
        RETURN;
    END IF;
    UPDATE outbox o SET not_after = least(o.not_after, clock_timestamp())
     WHERE o.message_id = ANY (v_messages) AND o.org_id = p_org_id;
    SELECT count(*), count(*) FILTER (WHERE e.refunded) INTO cancelled, refunded
      FROM end_sends(array_fill(p_org_id, ARRAY[cardinality(v_messages)]), v_messages, 'cancelled', NULL,
                     '{scheduled,held,queued}', false) e;
    leaving := cardinality(v_messages) - cancelled;
END $$;

-- keep_opt_outs: those of these contacts, under the hashes of their names. Returns how many conversations they are.
CREATE OR REPLACE FUNCTION keep_opt_outs(p_org_id uuid, p_contact_ids bigint[], p_names text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_kept bigint := (SELECT count(*) FROM channels h
                        JOIN conversations v ON v.org_id = h.org_id AND v.channel_id = h.id
                       WHERE h.org_id = p_org_id AND v.contact_id = ANY (p_contact_ids)
                         AND v.opted_out_at IS NOT NULL);
BEGIN
    IF v_kept > 0 AND NOT EXISTS (SELECT FROM erasure_key) THEN
        RAISE object_not_in_prerequisite_state
            USING MESSAGE = 'the erasure key is missing: the opt-out could not be kept, and nothing was changed',
                  HINT = 'Put it back into the table erasure_key: docs/erasure.md.';
    END IF;
    INSERT INTO erased_opt_outs AS e (org_id, hash, channel_id, opted_out_at)
    SELECT v.org_id, s.hash, v.channel_id, max(v.opted_out_at)
      FROM channels h
      JOIN conversations v ON v.org_id = h.org_id AND v.channel_id = h.id
     CROSS JOIN (SELECT DISTINCT erased_hash(p_org_id, u.name) AS hash FROM unnest(p_names) AS u (name)) s
     WHERE h.org_id = p_org_id AND v.contact_id = ANY (p_contact_ids) AND v.opted_out_at IS NOT NULL
     GROUP BY 1, 2, 3
    ON CONFLICT (org_id, hash, channel_id) DO UPDATE
       SET opted_out_at = greatest(e.opted_out_at, excluded.opted_out_at);
    RETURN v_kept;
END $$;

-- erase_changes: what has led to these names, from former ones of theirs. Returns how many changes that were.
CREATE OR REPLACE FUNCTION erase_changes(p_org_id uuid, p_names text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_deleted bigint;
BEGIN
    WITH RECURSIVE known AS (
        SELECT u.name FROM unnest(p_names) AS u (name)
        UNION
        SELECT f.name FROM known k
          JOIN contact_changes x ON x.org_id = p_org_id AND k.name IN ('+' || x.new_phone, x.new_user_id)
         CROSS JOIN LATERAL (VALUES ('+' || x.phone), (x.user_id)) AS f (name) WHERE f.name IS NOT NULL
    )
    DELETE FROM contact_changes x
     WHERE x.org_id = p_org_id
       AND ARRAY['+' || x.phone, x.user_id, '+' || x.new_phone, x.new_user_id] && ARRAY(SELECT k.name FROM known k);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END $$;

-- erase_told: of these events what Meta has posted, and what the org's endpoints have answered.
CREATE OR REPLACE FUNCTION erase_told(p_org_id uuid, p_event_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE event_changes x SET body = '{}'
     WHERE x.org_id = p_org_id AND x.event_id = ANY (p_event_ids) AND x.body::text <> '{}';
    UPDATE delivery_attempts a SET answer = NULL FROM endpoints p
     WHERE p.org_id = p_org_id AND a.org_id = p.org_id AND a.endpoint_id = p.id AND a.event_id = ANY (p_event_ids)
       AND a.answer IS NOT NULL;
END $$;

-- erase_mentions: what names them elsewhere: dead letters of theirs, of the org's numbers or of nobody's, account
-- notices, alerts, changes of numbers, the keys of requests, and what Meta has posted of them.
CREATE OR REPLACE FUNCTION erase_mentions(p_org_id uuid, p_names text[], OUT dead_letters bigint, OUT notices bigint,
                                          OUT alerts bigint, OUT changes bigint, OUT keys bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_naming text := naming(p_names);
BEGIN
    DELETE FROM dead_letters d
     WHERE (d.org_id = p_org_id OR d.org_id IS NULL AND (d.phone_number_id IS NULL OR EXISTS (
                SELECT FROM channels h WHERE h.org_id = p_org_id AND h.phone_number_id = d.phone_number_id)))
       AND encode(d.body, 'escape') ~ v_naming;
    GET DIAGNOSTICS dead_letters = ROW_COUNT;
    UPDATE account_notices a SET value = '{}' WHERE a.org_id = p_org_id AND a.value::text ~ v_naming;
    GET DIAGNOSTICS notices = ROW_COUNT;
    UPDATE alerts a SET message = NULL WHERE a.org_id = p_org_id AND a.message ~ v_naming;
    GET DIAGNOSTICS alerts = ROW_COUNT;
    changes := erase_changes(p_org_id, p_names);
    DELETE FROM idempotency_keys k WHERE k.org_id = p_org_id AND k.key ~ v_naming;
    GET DIAGNOSTICS keys = ROW_COUNT;
    UPDATE receipts r SET key = NULL WHERE r.org_id = p_org_id AND r.key ~ v_naming;
    -- (And of those that are erased by now what was answered meanwhile.)
    PERFORM erase_told(p_org_id, ARRAY(SELECT x.event_id FROM event_changes x
                                        WHERE x.org_id = p_org_id AND (x.body::text ~ v_naming OR x.body::text = '{}')));
END $$;

-- words_that_count: of Meta's words to a failure those by which its error rule was found: the audit looks for it again.
CREATE OR REPLACE FUNCTION words_that_count(p_outcome text, p_subcode bigint, p_words text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT (regexp_match(p_words, '(' || r.words || ')', 'i'))[1]
      FROM error_rule_of(p_outcome, p_subcode, p_words) r WHERE p_words IS NOT NULL AND r.words IS NOT NULL;
$$;

-- erase_messages: what they said and were told: what has settled, by the index whose condition is said here
-- (tables/040_settled.sql), and what is on its way.
CREATE OR REPLACE FUNCTION erase_messages(p_org_id uuid, p_contact_ids bigint[], OUT messages bigint,
                                          OUT attempts bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_ids uuid[] := ARRAY(
        SELECT m.id FROM messages m
         WHERE m.org_id = p_org_id
           AND m.id = ANY (ARRAY(SELECT s.id FROM messages s
                                  WHERE s.org_id = p_org_id AND s.contact_id = ANY (p_contact_ids)
                                    AND is_settled(s))
                           || ARRAY(SELECT o.message_id FROM channels h
                                      JOIN outbox o ON o.channel_id = h.id AND o.org_id = h.org_id
                                     WHERE h.org_id = p_org_id AND o.contact_id = ANY (p_contact_ids)))
         ORDER BY m.id FOR NO KEY UPDATE);
BEGIN
    UPDATE messages m
       SET payload = '{}', text = NULL, summary = NULL, media_id = NULL, referral = NULL, callback_data = NULL,
           error_message = words_that_count(m.error_code, m.error_subcode, m.error_message),
           body_gone_at = coalesce(m.body_gone_at, clock_timestamp())
     WHERE m.id = ANY (v_ids) AND m.org_id = p_org_id
       AND (m.body_gone_at IS NULL OR m.callback_data IS NOT NULL OR m.text IS NOT NULL OR m.error_message
            IS DISTINCT FROM words_that_count(m.error_code, m.error_subcode, m.error_message));
    GET DIAGNOSTICS messages = ROW_COUNT;
    PERFORM erase_told(p_org_id, ARRAY(SELECT k.event_id FROM event_change_messages k
                                        WHERE k.message_id = ANY (v_ids) AND k.org_id = p_org_id)
                                 || ARRAY(SELECT e.id FROM events e
                                           WHERE e.contact_id = ANY (p_contact_ids) AND e.org_id = p_org_id
                                             AND e.contact_id IS NOT NULL AND e.message_id IS NULL));
    UPDATE attempts a SET error_message = NULL
     WHERE a.message_id = ANY (v_ids) AND a.org_id = p_org_id AND a.error_message IS NOT NULL;
    GET DIAGNOSTICS attempts = ROW_COUNT;
    UPDATE delivery_attempts a SET answer = NULL
      FROM deliveries d
     WHERE d.message_id = ANY (v_ids) AND d.org_id = p_org_id AND a.org_id = d.org_id
       AND a.endpoint_id = d.endpoint_id AND a.event_id = d.event_id AND a.answer IS NOT NULL;
    PERFORM drop_media(p_org_id, v_ids);
END $$;
