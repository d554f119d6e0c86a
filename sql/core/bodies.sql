-- What delete_bodies (worker/delete_bodies.sql) is made of.

-- Who sets how long bodies are kept has the walk along all of them begin anew.
CREATE OR REPLACE FUNCTION begin_body_walk() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO body_walks (keep_for) VALUES (NEW.keep_bodies_for)
    ON CONFLICT (keep_for) DO UPDATE SET next_id = DEFAULT;
    RETURN NULL;
END $$;

-- delete_bodies_of: of these messages; those that still have to leave are looked at again once they have. Returns how
-- many had one.
CREATE OR REPLACE FUNCTION delete_bodies_of(p_org_ids uuid[], p_message_ids uuid[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_deleted bigint;
BEGIN
    INSERT INTO late_bodies AS l (org_id, message_id, due_at)
    SELECT o.org_id, o.message_id, greatest(o.not_after, clock_timestamp()) + interval '10 minutes'
      FROM unnest(p_org_ids, p_message_ids) AS i (org_id, message_id)
      JOIN outbox o ON o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
    ON CONFLICT (message_id, org_id) DO UPDATE SET due_at = excluded.due_at;
    UPDATE messages m
       SET payload = '{}', text = NULL, summary = NULL, media_id = NULL, referral = NULL,
           body_gone_at = clock_timestamp()
      FROM unnest(p_org_ids, p_message_ids) AS i (org_id, message_id)
     WHERE m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id AND m.body_gone_at IS NULL
       AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    UPDATE event_changes x SET body = '{}' FROM event_change_messages k
     WHERE k.message_id = ANY (p_message_ids) AND k.org_id = ANY (p_org_ids)
       AND x.org_id = k.org_id AND x.event_id = k.event_id AND x.body::text <> '{}';
    RETURN v_deleted;
END $$;

-- delete_late_bodies: of those that had to wait, unless their org keeps them after all. Returns how many had one.
CREATE OR REPLACE FUNCTION delete_late_bodies(p_limit bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_due record; -- of each an array
BEGIN
    SELECT array_agg(d.org_id) AS orgs, array_agg(d.message_id) AS messages INTO v_due
      FROM (SELECT l.org_id, l.message_id FROM late_bodies l
             WHERE l.due_at < clock_timestamp() ORDER BY l.due_at LIMIT p_limit) d;
    IF v_due.messages IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM late_bodies l WHERE l.message_id = ANY (v_due.messages) AND l.org_id = ANY (v_due.orgs);
    RETURN (SELECT delete_bodies_of(array_agg(i.org_id), array_agg(i.message_id))
              FROM unnest(v_due.orgs, v_due.messages) AS i (org_id, message_id)
              JOIN organizations o ON o.id = i.org_id AND o.keep_bodies_for IS NOT NULL);
END $$;
