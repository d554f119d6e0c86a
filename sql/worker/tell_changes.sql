-- tell_changes: writes events of what Meta has posted of these orgs, which ask for it (find_change_owners). What it has
-- posted before, as far as that is still kept, is not told again.
CREATE OR REPLACE FUNCTION tell_changes(
    p_org_ids uuid[], p_channel_ids uuid[],
    p_fields text[],      -- of which field each is
    p_message_ids text[], -- the messages that it tells of: an array of uuids, as it is written
    p_digests bytea[],    -- of the change as it came
    p_bodies text[]       -- a webhook's body, of the one change
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    WITH written AS (
        INSERT INTO event_changes AS x (org_id, event_id, digest, body)
        SELECT i.org_id, event_id((SELECT event_id_head()), i.n), i.digest, i.body::json
          FROM unnest(p_org_ids, p_digests, p_bodies) WITH ORDINALITY AS i (org_id, digest, body, n)
         ORDER BY i.org_id, i.digest
        ON CONFLICT (org_id, digest) DO NOTHING
        RETURNING x.org_id, x.event_id, x.digest
    ), told AS MATERIALIZED (
        SELECT DISTINCT ON (x.org_id, x.event_id) x.org_id, x.event_id, i.channel_id, i.field, i.message_ids::uuid[] AS message_ids
          FROM unnest(p_org_ids, p_channel_ids, p_fields, p_message_ids, p_digests)
               AS i (org_id, channel_id, field, message_ids, digest)
          JOIN written x ON x.org_id = i.org_id AND x.digest = i.digest
    ), named AS (
        INSERT INTO event_change_messages (org_id, event_id, message_id)
        SELECT DISTINCT t.org_id, t.event_id, m.id FROM told t CROSS JOIN unnest(t.message_ids) AS m (id)
    )
    INSERT INTO events (org_id, id, type, channel_id, message_id)
    SELECT t.org_id, t.event_id, 'meta.' || t.field, t.channel_id,
           CASE cardinality(t.message_ids) WHEN 1 THEN t.message_ids[1] END
      FROM told t ORDER BY t.event_id;
END $$;
