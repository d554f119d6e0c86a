-- Files of contacts: waiting -> kept -> gone, or waiting -> failed. receive_messages makes their rows; workers of the
-- role media claim and fetch them (claim_media, record_media), and remove what is no longer kept (take_media_to_remove,
-- end_media). The name of a file follows from its ids alone: whoever fetches it again puts the same bytes in its place.
--
-- Files of an org's own: failed -> kept -> gone. Their row is there before the file (begin_upload), as one that has
-- failed and is to be removed after a while: should who writes it not come to its end (keep_upload), a worker removes it.

-- media_file: under which name a file lies in the store.
CREATE OR REPLACE FUNCTION media_file(p_org_id uuid, p_id uuid) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN p_org_id || '/' || p_id;

-- keep_inbound_media: of these messages, which were just saved, the files that their orgs want. What Meta has forgotten
-- by now is not asked for.
CREATE OR REPLACE FUNCTION keep_inbound_media(p_items inbound_item[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO media (org_id, id, message_id, channel_id, meta_id, mime_type, filename, state, next_at)
    SELECT m.org_id, m.id, m.id, m.channel_id, m.media_id, left(m.mime_type, 255),
           nullif(left(coalesce(i.payload ->> 'filename', i.payload -> i.type ->> 'filename'), 255), ''), 'waiting',
           clock_timestamp()
      FROM unnest(p_items) i
      JOIN organizations o ON o.id = i.org_id AND o.keep_media
       AND (o.keep_media_types IS NULL OR i.type = ANY (o.keep_media_types))
      JOIN messages m ON m.id = ANY (ARRAY[i.id]) AND m.org_id = i.org_id
     WHERE i.media_id IS NOT NULL AND length(i.media_id) <= 255 AND i.at > now() - interval '7 days'
    ON CONFLICT DO NOTHING;
$$;

-- try_media_after: how long a file is let alone whose fetching has failed so often: half a minute, and twice as long
-- each time, up to an hour.
CREATE OR REPLACE FUNCTION try_media_after(p_attempts integer) RETURNS interval
LANGUAGE sql VOLATILE
RETURN (0.9 + 0.2 * random()) * least(interval '1 hour', interval '30 seconds' * 2 ^ least(greatest(p_attempts - 1, 0), 7));

-- media_lifetime: for how long the org keeps files, of messages or uploaded.
CREATE OR REPLACE FUNCTION media_lifetime(p_org organizations, p_is_of_message boolean) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_is_of_message THEN least((p_org).keep_media_for, (p_org).keep_bodies_for) ELSE (p_org).keep_media_for END;

-- drop_media: these files of the org's are not kept any more, and are removed: what is just being fetched when its
-- worker has certainly ended. Returns how many were kept, or waited.
CREATE OR REPLACE FUNCTION drop_media(p_org_id uuid, p_ids uuid[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_dropped bigint;
BEGIN
    UPDATE media m
       SET state = 'gone', claim_id = NULL, reserved = NULL, filename = NULL, meta_id = NULL, error_message = NULL, sha256 = NULL,
           said_sha256 = NULL, file = CASE WHEN m.attempts > 0 OR m.file IS NOT NULL THEN media_file(m.org_id, m.id) END,
           next_at = CASE WHEN m.claim_id IS NOT NULL THEN m.next_at ELSE clock_timestamp() END
     WHERE m.org_id = p_org_id AND m.id = ANY (p_ids) AND m.state IN ('waiting', 'kept');
    GET DIAGNOSTICS v_dropped = ROW_COUNT;
    DELETE FROM media_at_meta a WHERE a.org_id = p_org_id AND a.media_id = ANY (p_ids);
    UPDATE media m SET filename = NULL, meta_id = NULL, error_message = NULL
     WHERE m.org_id = p_org_id AND m.id = ANY (p_ids) AND coalesce(m.filename, m.meta_id, m.error_message) IS NOT NULL;
    RETURN v_dropped;
END $$;

-- count_media: what each org has kept follows what its files become (media_held). Once for each statement.
CREATE OR REPLACE FUNCTION count_media() RETURNS trigger
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_orgs  uuid[];
    v_bytes bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(c.org_id), array_agg(c.bytes) INTO v_orgs, v_bytes
          FROM (SELECT n.org_id, sum(n.size) AS bytes FROM n WHERE n.state = 'kept' GROUP BY n.org_id) c;
    ELSE
        SELECT array_agg(c.org_id), array_agg(c.bytes) INTO v_orgs, v_bytes
          FROM (SELECT b.org_id, sum(b.bytes) AS bytes
                  FROM (SELECT n.org_id, n.size AS bytes FROM n WHERE n.state = 'kept'
                        UNION ALL
                        SELECT o.org_id, -o.size FROM o WHERE o.state = 'kept') b
                 GROUP BY b.org_id HAVING sum(b.bytes) <> 0) c;
    END IF;
    IF v_orgs IS NOT NULL THEN
        INSERT INTO media_held (org_id, bytes) SELECT i.org_id, 0 FROM unnest(v_orgs) i (org_id) ORDER BY 1
        ON CONFLICT DO NOTHING;
        UPDATE media_held h SET bytes = h.bytes + i.bytes
          FROM unnest(v_orgs, v_bytes) i (org_id, bytes) WHERE h.org_id = i.org_id;
    END IF;
    RETURN NULL;
END $$;

-- media_bytes: how many bytes of files the org has kept. media_room: how many more it may, besides what is being fetched; below
-- zero, or 0: none.
CREATE OR REPLACE FUNCTION media_bytes(p_org_id uuid) RETURNS bigint
LANGUAGE sql STABLE
RETURN coalesce((SELECT h.bytes FROM media_held h WHERE h.org_id = p_org_id), 0);

CREATE OR REPLACE FUNCTION media_room(p_org organizations) RETURNS bigint
LANGUAGE sql STABLE
RETURN (p_org).media_quota_bytes - media_bytes((p_org).id)
       - (SELECT coalesce(sum(m.reserved), 0)::bigint FROM media m WHERE m.org_id = (p_org).id AND m.claim_id IS NOT NULL);

-- lock_media_room: whoever else takes room of the org's, or gives some back, waits until this transaction ends.
CREATE OR REPLACE FUNCTION lock_media_room(p_org_id uuid) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO media_held (org_id, bytes) VALUES (p_org_id, 0) ON CONFLICT DO NOTHING;
    SELECT FROM media_held h WHERE h.org_id = p_org_id FOR UPDATE;
$$;

-- take_media_room: refuses what the org has no room for. Who keeps more of it waits until this transaction ends.
CREATE OR REPLACE FUNCTION take_media_room(p_org_id uuid, p_size bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_org CONSTANT organizations := org_named(p_org_id);
BEGIN
    PERFORM lock_media_room(p_org_id);
    IF p_size > media_room(v_org) THEN
        PERFORM refuse('media_quota', NULL, format('The org may keep %s bytes of files, and has room for %s',
                                                   v_org.media_quota_bytes, greatest(media_room(v_org), 0)));
    END IF;
END $$;

-- media_at_meta_for: for how long Meta certainly has what was uploaded: 30 days, of which the last one is not counted on.
CREATE OR REPLACE FUNCTION media_at_meta_for() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '29 days';

-- audit_media: does what is counted as kept agree with the files that are?
CREATE OR REPLACE FUNCTION audit_media()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    SELECT 'I14', o.id, NULL::uuid,
           format('%s bytes of files are counted as kept, should be %s', coalesce(h.bytes, 0), coalesce(k.bytes, 0))
      FROM organizations o
      LEFT JOIN media_held h ON h.org_id = o.id
      LEFT JOIN (SELECT m.org_id, sum(m.size) AS bytes FROM media m WHERE m.state = 'kept' GROUP BY m.org_id) k
             ON k.org_id = o.id
     WHERE coalesce(h.bytes, 0) <> coalesce(k.bytes, 0);
$$;
