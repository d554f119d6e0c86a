-- Where conversations stand in lists.

-- move_conversations: what was written to a contact (null: to none) or by the org moves their conversation forward, if
-- they have one. As with what contacts write, once a minute at most: each change leaves a version of the row behind.
-- (Looked up one by one and found again by their place, whatever the planner thinks of the table; and not by a condition
-- that an index of lists could answer.)
CREATE OR REPLACE FUNCTION move_conversations(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[],
                                              p_message_ids uuid[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_since  uuid := first_id_of(clock_timestamp() - interval '1 minute');
    v_behind record; -- of each an array
BEGIN
    SELECT array_agg(i.org_id) AS orgs, array_agg(v.place) AS places, array_agg(i.message_id) AS newest INTO v_behind
      FROM (SELECT DISTINCT ON (u.org_id, u.channel_id, u.contact_id) u.*
              FROM unnest(p_org_ids, p_channel_ids, p_contact_ids, p_message_ids)
                   AS u (org_id, channel_id, contact_id, message_id)
             WHERE u.contact_id IS NOT NULL
             ORDER BY u.org_id, u.channel_id, u.contact_id, u.message_id DESC) i
     CROSS JOIN LATERAL (
           SELECT c.ctid AS place FROM conversations c
            WHERE c.org_id = i.org_id AND c.channel_id = i.channel_id AND c.contact_id = i.contact_id
              AND coalesce(c.newest_id < least(i.message_id, v_since), false)
            LIMIT 1 FOR NO KEY UPDATE) v;
    IF v_behind.orgs IS NOT NULL THEN
        UPDATE conversations v SET newest_id = i.newest_id
          FROM unnest(v_behind.orgs, v_behind.places, v_behind.newest) AS i (org_id, place, newest_id)
         WHERE v.ctid = i.place AND v.org_id = ANY (ARRAY[i.org_id]);
    END IF;
END $$;

-- reading_of: how far a conversation is read, for the audit log.
CREATE OR REPLACE FUNCTION reading_of(p_conversation conversations) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN jsonb_build_object('unread', (p_conversation).unread, 'read_until', (p_conversation).read_until);

-- newest_inbound: the newest message that the contact has written, or of those up to p_until. It is looked for among the
-- newest that there are with the contact, whoever wrote them and over whichever number, and no further back: a campaign
-- may have left any number since then. (What is said of ids, the index of contacts' messages alone can answer: by that of
-- all messages everybody's would be passed.)
CREATE OR REPLACE FUNCTION newest_inbound(p_conversation conversations, p_until uuid) RETURNS TABLE (id uuid, wamid text)
LANGUAGE sql STABLE AS $$
    SELECT m.id, m.wamid FROM (
        SELECT (p_conversation).contact_id AS id
        UNION ALL
        SELECT k.id FROM contacts k
         WHERE k.org_id = (p_conversation).org_id AND k.merged_into = (p_conversation).contact_id) c
     CROSS JOIN LATERAL (
           SELECT l.id, l.wamid FROM (
                  SELECT i.* FROM messages i
                   WHERE i.contact_id = c.id AND is_settled(i)
                     AND (i.contact_id, i.id) <= (c.id, coalesce(p_until, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                   ORDER BY i.id DESC LIMIT 1000) l
            WHERE l.org_id = (p_conversation).org_id AND l.channel_id = (p_conversation).channel_id
              AND l.direction = 'inbound' AND l.group_id IS NULL AND l.type NOT IN ('edit', 'revoke')
            ORDER BY l.id DESC LIMIT 1) m
     ORDER BY m.id DESC LIMIT 1;
$$;
