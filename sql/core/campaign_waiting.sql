-- What of a campaign waits in the outbox: about as much as leaves in a second, what is tried again, and what is held.

-- lock_waiting: those of its messages that have not left and that nobody has in hand just now, locked, so that nobody
-- takes them. (Nobody is waited for, who might wait for us.)
DROP FUNCTION IF EXISTS lock_waiting(uuid, uuid);
CREATE FUNCTION lock_waiting(p_org_id uuid, p_campaign_id uuid, OUT message_ids uuid[], OUT channel_ids uuid[],
                             OUT contact_ids bigint[], OUT are_held boolean[])
LANGUAGE sql AS $$
    SELECT array_agg(l.message_id), array_agg(l.channel_id), array_agg(l.contact_id), array_agg(l.state = 'held')
      FROM (SELECT o.message_id, o.channel_id, o.contact_id, o.state
              FROM campaign_messages k JOIN outbox o ON o.message_id = k.message_id AND o.org_id = k.org_id
             WHERE k.org_id = p_org_id AND k.campaign_id = p_campaign_id AND o.state IN ('scheduled', 'held', 'queued')
               AND NOT is_set_aside(o.seq, o.due_at)
             ORDER BY o.message_id FOR UPDATE OF o SKIP LOCKED) l;
$$;

-- are_waiting: is there any such, in whosever hand?
CREATE OR REPLACE FUNCTION are_waiting(p_org_id uuid, p_campaign_id uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM campaign_messages k JOIN outbox o ON o.message_id = k.message_id AND o.org_id = k.org_id
                    WHERE k.org_id = p_org_id AND k.campaign_id = p_campaign_id
                      AND o.state IN ('scheduled', 'held', 'queued') AND NOT is_set_aside(o.seq, o.due_at));
$$;

-- is_set_aside: such a row of the outbox stands in no line and is due never: its campaign is paused.
CREATE OR REPLACE FUNCTION is_set_aside(p_seq bigint, p_due_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_seq IS NULL AND p_due_at = 'infinity';

-- set_aside: of a campaign that is paused, what has not left gives up its slot and its place in the line, as if it had a
-- send_at: so who stands behind it leaves, and it comes back as what has a send_at does. It does not expire meanwhile,
-- unless the campaign does. What is in somebody's hand comes to an end within milliseconds: it is looked for again.
CREATE OR REPLACE FUNCTION set_aside(p_campaign campaigns) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_looks_max CONSTANT integer := 50;
    v_waiting   record;
BEGIN
    FOR i IN 1 .. c_looks_max LOOP
        v_waiting := lock_waiting(p_campaign.org_id, p_campaign.id);
        IF v_waiting.message_ids IS NOT NULL THEN
            UPDATE outbox o
               SET state = 'scheduled', seq = NULL, due_at = 'infinity', paced = false, claim_id = NULL, claimed_at = NULL,
                   not_after = coalesce(p_campaign.not_after, clock_timestamp() + interval '366 days'),
                   look_at = coalesce(p_campaign.not_after, clock_timestamp() + interval '366 days')
             WHERE o.message_id = ANY (v_waiting.message_ids) AND o.org_id = p_campaign.org_id;
            PERFORM call_up_next(array_fill(p_campaign.org_id, ARRAY[cardinality(v_waiting.message_ids)]),
                                 v_waiting.channel_ids, v_waiting.contact_ids, false, v_waiting.are_held);
        END IF;
        EXIT WHEN NOT are_waiting(p_campaign.org_id, p_campaign.id);
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;

-- take_up: of a campaign that goes on, what was set aside takes a slot and a place, as what has a send_at does.
CREATE OR REPLACE FUNCTION take_up(p_campaign campaigns) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now       timestamptz := clock_timestamp();
    v_not_after timestamptz := coalesce(p_campaign.not_after, v_now + interval '24 hours');
BEGIN
    UPDATE outbox o SET due_at = v_now, not_after = v_not_after, look_at = least(v_now, v_not_after)
      FROM campaign_messages k
     WHERE k.org_id = p_campaign.org_id AND k.campaign_id = p_campaign.id AND o.message_id = k.message_id
       AND o.org_id = k.org_id AND o.state = 'scheduled' AND is_set_aside(o.seq, o.due_at);
END $$;

-- end_waiting_of: of a campaign that is cancelled, what has not left fails, and is refunded. The caller holds the wallet.
CREATE OR REPLACE FUNCTION end_waiting_of(p_campaign campaigns) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_looks_max CONSTANT integer := 50;
    v_messages  uuid[];
BEGIN
    FOR i IN 1 .. c_looks_max LOOP
        v_messages := ARRAY(
            SELECT o.message_id FROM campaign_messages k JOIN outbox o ON o.message_id = k.message_id AND o.org_id = k.org_id
             WHERE k.org_id = p_campaign.org_id AND k.campaign_id = p_campaign.id
               AND o.state IN ('scheduled', 'held', 'queued')
             ORDER BY o.message_id FOR UPDATE OF o SKIP LOCKED);
        PERFORM end_sends(array_fill(p_campaign.org_id, ARRAY[cardinality(v_messages)]), v_messages, 'cancelled', NULL,
                          '{scheduled,held,queued}', false) WHERE v_messages <> '{}';
        EXIT WHEN NOT are_waiting(p_campaign.org_id, p_campaign.id);
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
