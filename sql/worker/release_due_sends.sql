-- release_due_sends: moves scheduled messages that are due to `queued`, in the order in which they are due;
-- the caller publishes their jobs, in the order given. Some are put off instead:
--
-- - whose send_at has come takes its slot and its place in the line only now;
-- - what is to be tried again takes a slot as whatever leaves does, only now too;
-- - from a channel that Meta has slowed they leave at the rate that it takes, those that do not fit within
--   DRIP_AHEAD later;
-- - of a channel that is paused, or of an org that is suspended, they are parked;
-- - of an org whose wallet somebody holds they are looked at again in a second, if wallets are needed.
--
-- Lock order: outbox, wallets (where any joins a line, takes a slot or drips); channels are not waited for.
CREATE OR REPLACE FUNCTION release_due_sends(p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now  timestamptz := clock_timestamp();
    v_from timestamptz := look_from('due');
    v_many boolean; -- more than fit into a batch
    v_free uuid[];  -- orgs whose wallets are locked
    v_due  record;  -- the messages, and whether any of them joins a line, is tried again without having a slot, or is
                    -- of a slowed or a paused channel
BEGIN
    v_many := (SELECT count(*) > p_limit
                 FROM (SELECT FROM outbox o WHERE o.look_at BETWEEN v_from AND v_now
                        ORDER BY o.look_at LIMIT p_limit + 1) d);
    IF NOT v_many AND p_skip = 0 THEN
        PERFORM keep_look('due', v_now, v_from, v_now);
    END IF;
    WITH due AS MATERIALIZED (
        SELECT * FROM take_due(v_from, v_now, p_limit, p_skip) WHERE NOT v_many
        UNION ALL
        SELECT * FROM take_turns(v_from, v_now, p_limit, p_skip) WHERE v_many
    )
    SELECT array_agg(d.org_id ORDER BY d.look_at, d.seq, d.message_id) AS orgs,
           array_agg(d.message_id ORDER BY d.look_at, d.seq, d.message_id) AS messages,
           bool_or(d.seq IS NULL) AS any_joining,
           bool_or(d.attempt > 0 AND d.slotted IS DISTINCT FROM d.attempt) AS any_retried,
           EXISTS (SELECT FROM (SELECT DISTINCT e.org_id, e.channel_id FROM due e WHERE NOT e.paced) e
                     CROSS JOIN LATERAL pace_of(e.org_id, e.channel_id) p
                    WHERE current_share(p.share, p.slowed_at) < 1) AS any_slowed,
           EXISTS (SELECT FROM (SELECT DISTINCT e.org_id, e.channel_id FROM due e) e
                     JOIN channels c ON c.org_id = e.org_id AND c.id = e.channel_id
                    WHERE NOT c.sends) AS any_paused
      INTO v_due FROM due d;
    IF v_due.messages IS NULL THEN
        RETURN;
    END IF;
    IF v_due.any_paused THEN
        PERFORM park_sends(array_agg(o.org_id), array_agg(o.message_id), NULL)
           FROM outbox o JOIN channels c ON c.org_id = o.org_id AND c.id = o.channel_id
          WHERE o.message_id = ANY (v_due.messages) AND o.org_id = ANY (v_due.orgs) AND NOT c.sends;
    END IF;
    IF v_due.any_joining OR v_due.any_retried OR v_due.any_slowed THEN
        v_free := lock_free_wallets(v_due.orgs);
        PERFORM put_off_held(v_due.orgs, v_due.messages, v_free) WHERE NOT v_due.orgs <@ v_free;
    END IF;
    IF v_due.any_joining THEN
        PERFORM join_lines(v_due.orgs, v_due.messages);
    END IF;
    IF v_due.any_retried THEN
        PERFORM slot_retries(v_due.orgs, v_due.messages);
    END IF;
    IF v_due.any_slowed THEN
        PERFORM drip(v_due.orgs, v_due.messages);
    END IF;

    RETURN QUERY
    WITH released AS (
        UPDATE outbox o SET state = 'queued', due_at = NULL, look_at = NULL, queued_at = clock_timestamp()
         WHERE o.message_id = ANY (v_due.messages) AND o.org_id = ANY (v_due.orgs)
           AND o.state = 'scheduled' AND o.due_at <= clock_timestamp()
        RETURNING o.org_id, o.message_id
    )
    SELECT r.org_id, r.message_id
      FROM released r
      JOIN unnest(v_due.messages) WITH ORDINALITY AS i (message_id, n) ON i.message_id = r.message_id
     ORDER BY i.n;
END $$;
