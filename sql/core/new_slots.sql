-- New slots for what waits for one: when its channel sends again, has another rate, or the clock was set back.

-- give_slots: to these messages, in this order, of the parts of the rate that their priorities say. p_earlier: but
-- not to those whose own come earlier. The caller has locked the wallets.
CREATE OR REPLACE FUNCTION give_slots(p_org_ids uuid[], p_channel_ids uuid[], p_message_ids uuid[],
                                      p_priorities text[], p_earlier boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_dues timestamptz[];
BEGIN
    SELECT s.dues INTO v_dues FROM take_slots(p_org_ids, p_channel_ids, p_priorities, clock_timestamp()) s;
    UPDATE outbox o
       SET due_at = i.due_at, slotted = nullif(o.attempt, 0),
           look_at = CASE o.state WHEN 'scheduled' THEN least(i.due_at, o.not_after) ELSE o.look_at END
      FROM unnest(p_message_ids, p_org_ids, v_dues) AS i (message_id, org_id, due_at)
     WHERE o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
       AND o.state IN ('scheduled', 'held') AND (NOT p_earlier OR o.due_at > i.due_at);
END $$;

-- give_new_slots: to all that waits for a slot of this channel, as if the channel had just been busy for long; in
-- the order of acceptance.
CREATE OR REPLACE FUNCTION give_new_slots(p_org_id uuid, p_channel_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_now  timestamptz;
    v_busy timestamptz;
BEGIN
    PERFORM lock_wallets(ARRAY[p_org_id]);
    v_now := clock_timestamp();
    v_busy := v_now + interval '1 second'; -- the burst has gone
    UPDATE pace p
       SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32, written_at = v_now,
           high_free_at = least(p.high_free_at, v_busy), bulk_free_at = least(p.bulk_free_at, v_busy),
           slowed_at = least(p.slowed_at, v_now), drip_free_at = least(p.drip_free_at, v_busy)
      FROM pace_of(p_org_id, p_channel_id) n
     WHERE p.channel_id = ANY (ARRAY[n.channel_id]) AND p.id = n.id AND p.org_id = n.org_id;
    PERFORM give_slots(array_agg(o.org_id), array_agg(o.channel_id), array_agg(o.message_id ORDER BY o.seq),
                       array_agg(o.priority ORDER BY o.seq), false)
       FROM outbox o
      WHERE o.org_id = p_org_id AND o.channel_id = p_channel_id AND o.state IN ('scheduled', 'held')
        AND o.seq IS NOT NULL AND o.contact_id IS NOT NULL AND (o.attempt = 0 OR o.slotted = o.attempt) AND NOT o.paced
        AND o.due_at > v_now AND o.due_at < 'infinity';
END $$;

-- Another rate: what waits follows it.
CREATE OR REPLACE FUNCTION repace_channel() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM give_new_slots(NEW.org_id, NEW.id);
    RETURN NULL;
END $$;

-- set_back: the clock goes p_back behind what it said before. The messages of this channel that wait for a slot get
-- new ones, and those that wait for a retry do so for no longer than they were to.
CREATE OR REPLACE FUNCTION set_back(p_org_id uuid, p_channel_id uuid, p_back interval) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM give_new_slots(p_org_id, p_channel_id);
    UPDATE outbox o
       SET due_at = o.due_at - p_back,
           look_at = CASE o.state WHEN 'scheduled' THEN least(o.due_at - p_back, o.not_after) ELSE o.look_at END
     WHERE o.org_id = p_org_id AND o.channel_id = ANY (ARRAY[p_channel_id]) AND o.state IN ('scheduled', 'held')
       AND o.seq IS NOT NULL
       AND (o.attempt > 0 AND o.slotted IS DISTINCT FROM o.attempt OR o.paced OR o.contact_id IS NULL)
       AND o.due_at > clock_timestamp() AND o.due_at < 'infinity';
END $$;

-- set_back_next: does that for the channel after p_after of which messages wait, and returns it; NULL: there is none.
-- One with more messages than can be moved in a statement's time is let alone: they leave late, in their order.
CREATE OR REPLACE FUNCTION set_back_next(p_after uuid, p_back interval) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_next record;
BEGIN
    SELECT o.org_id, o.channel_id INTO v_next FROM outbox o
     WHERE o.channel_id > p_after AND o.look_at IS NOT NULL ORDER BY o.channel_id LIMIT 1;
    IF FOUND THEN
        PERFORM set_back(v_next.org_id, v_next.channel_id, p_back);
    END IF;
    RETURN v_next.channel_id;
EXCEPTION WHEN query_canceled THEN
    RAISE WARNING 'channel % of org % has too many messages waiting to move them with the clock', v_next.channel_id,
        v_next.org_id;
    RETURN v_next.channel_id;
END $$;
