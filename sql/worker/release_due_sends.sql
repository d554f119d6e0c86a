-- release_due_sends: moves scheduled messages that are due to `queued`, in the order in which they are due;
-- the caller publishes their jobs, in the order given. Some are put off instead:
--
-- - whose send_at has come takes its slot and its place in the line only now;
-- - from a channel that Meta has slowed they leave at the rate that it takes, those that do not fit within
--   DRIP_AHEAD later;
-- - of a channel that is paused they are parked.
--
-- Lock order: outbox, wallets (where any joins a line or drips); channels are not waited for.
CREATE OR REPLACE FUNCTION release_due_sends(p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now         timestamptz := clock_timestamp();
    v_from        timestamptz := look_from('due');
    v_many        boolean; -- more than fit into a batch
    v_org_ids     uuid[];
    v_message_ids uuid[];
    v_joining     boolean;
    v_slowed      boolean;
    v_paused      boolean;
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
    SELECT array_agg(d.org_id ORDER BY d.look_at, d.seq, d.message_id),
           array_agg(d.message_id ORDER BY d.look_at, d.seq, d.message_id),
           bool_or(d.seq IS NULL),
           EXISTS (SELECT FROM (SELECT DISTINCT e.org_id, e.channel_id FROM due e WHERE NOT e.paced) e
                     CROSS JOIN LATERAL pace_of(e.org_id, e.channel_id) p
                    WHERE current_share(p.share, p.slowed_at) < 1),
           EXISTS (SELECT FROM (SELECT DISTINCT e.org_id, e.channel_id FROM due e) e
                     JOIN channels c ON c.org_id = e.org_id AND c.id = e.channel_id
                    WHERE c.status <> 'active')
      INTO v_org_ids, v_message_ids, v_joining, v_slowed, v_paused
      FROM due d;
    IF v_message_ids IS NULL THEN
        RETURN;
    END IF;
    IF v_paused THEN
        PERFORM park_sends(array_agg(o.org_id), array_agg(o.message_id), NULL)
           FROM outbox o JOIN channels c ON c.org_id = o.org_id AND c.id = o.channel_id
          WHERE o.message_id = ANY (v_message_ids) AND o.org_id = ANY (v_org_ids)
            AND c.status <> 'active';
    END IF;
    IF v_joining OR v_slowed THEN
        PERFORM lock_wallets(v_org_ids);
    END IF;
    IF v_joining THEN
        PERFORM join_lines(v_org_ids, v_message_ids);
    END IF;
    IF v_slowed THEN
        PERFORM drip(v_org_ids, v_message_ids);
    END IF;

    RETURN QUERY
    WITH released AS (
        UPDATE outbox o SET state = 'queued', due_at = NULL, look_at = NULL, queued_at = clock_timestamp()
         WHERE o.message_id = ANY (v_message_ids) AND o.org_id = ANY (v_org_ids)
           AND o.state = 'scheduled' AND o.due_at <= clock_timestamp()
        RETURNING o.org_id, o.message_id
    )
    SELECT r.org_id, r.message_id
      FROM released r
      JOIN unnest(v_message_ids) WITH ORDINALITY AS i (message_id, n) ON i.message_id = r.message_id
     ORDER BY i.n;
END $$;
