-- I9: the messages to one contact over one channel form a line: those of its outbox rows that have a seq.
-- The first one may leave, the others are held; who takes a row out of a line calls up the next.

-- lock_line_ends: keeps the last row of each of these lines from being taken out until the transaction
-- ends, so that whoever does that finds the rows which we put behind it. Returns, in order, whether
-- anybody stands in the line.
--
-- A row may go while we wait for it; then there may still be others ahead, hence the repeats.
CREATE OR REPLACE FUNCTION lock_line_ends(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[])
RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
    v_ends   uuid[];
    v_locked uuid[] := '{}';
BEGIN
    LOOP
        SELECT array_agg(l.message_id ORDER BY i.n) INTO v_ends
          FROM unnest(p_org_ids, p_channel_ids, p_contact_ids) WITH ORDINALITY
               AS i (org_id, channel_id, contact_id, n)
          LEFT JOIN LATERAL (
               SELECT o.message_id FROM outbox o
                WHERE o.channel_id = i.channel_id AND o.contact_id = i.contact_id AND o.org_id = i.org_id
                  AND o.seq IS NOT NULL ORDER BY o.seq DESC LIMIT 1) l ON true;
        EXIT WHEN NOT EXISTS (SELECT FROM unnest(v_ends) AS e (id)
                               WHERE e.id IS NOT NULL AND e.id <> ALL (v_locked));
        PERFORM FROM outbox o WHERE o.message_id = ANY (v_ends) AND o.org_id = ANY (p_org_ids)
          ORDER BY o.message_id FOR KEY SHARE;
        v_locked := v_locked || array_remove(v_ends, NULL);
    END LOOP;
    RETURN (SELECT array_agg(e.id IS NOT NULL ORDER BY e.n)
              FROM unnest(v_ends) WITH ORDINALITY AS e (id, n));
END $$;

-- call_up_next: releases the first of each of these lines if it is held. What may leave now is `queued` and
-- returned, in the order of the lines (NULL: nobody; NULL altogether: nobody at all): it needs a job. What may not
-- leave yet, or never again, is the janitor's to watch; so is all of it if p_publish is false, as nobody could
-- publish a job.
--
-- Nor does anything leave a slowed channel but through the janitor, who knows its rate.
--
-- Another transaction may be taking out the very row that we call up; then it is the turn of the one behind
-- it, hence the repeats. Nor is a first one that is not held (of two lines that became one both firsts may be on their
-- way) counted on before it is locked: who is just taking it out may count on what we take out. But not on what was
-- held: p_were_held (NULL: nothing was).
CREATE OR REPLACE FUNCTION call_up_next(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[],
                                        p_publish boolean, p_were_held boolean[] DEFAULT NULL)
RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    v_now      timestamptz;
    v_next     uuid[];
    v_ahead    uuid[];         -- of other lines: who stands first, and is not held
    v_seen     uuid[] := '{}'; -- whom we have called up or locked
    v_freed    uuid[];
    v_channels uuid[];         -- of v_freed
    v_contacts bigint[];
BEGIN
    LOOP
        SELECT array_agg(DISTINCT f.message_id) FILTER (WHERE f.state = 'held'), -- (in order)
               array_agg(DISTINCT f.message_id)
                   FILTER (WHERE f.state <> 'held' AND i.was_held IS NOT TRUE AND f.message_id <> ALL (v_seen))
          INTO v_next, v_ahead
          FROM unnest(p_org_ids, p_channel_ids, p_contact_ids, p_were_held)
               AS i (org_id, channel_id, contact_id, was_held)
         CROSS JOIN LATERAL (
               SELECT o.message_id, o.state FROM outbox o
                WHERE o.channel_id = i.channel_id AND o.contact_id = i.contact_id AND o.org_id = i.org_id
                  AND o.seq IS NOT NULL ORDER BY o.seq LIMIT 1) f;
        EXIT WHEN v_next IS NULL AND v_ahead IS NULL;
        IF v_ahead IS NOT NULL THEN
            PERFORM FROM outbox o WHERE o.message_id = ANY (v_ahead) AND o.org_id = ANY (p_org_ids)
              ORDER BY o.message_id FOR KEY SHARE;
        END IF;
        v_seen := v_seen || v_ahead;
        CONTINUE WHEN v_next IS NULL;
        v_now := clock_timestamp();
        WITH freed AS (
            UPDATE outbox o
               SET state = CASE WHEN i.leaves THEN 'queued' ELSE 'scheduled' END,
                   due_at = CASE WHEN NOT i.leaves THEN o.due_at END,
                   look_at = CASE WHEN NOT i.leaves THEN least(o.due_at, o.not_after) END,
                   queued_at = v_now
              FROM (SELECT h.message_id, h.org_id,
                           p_publish AND h.due_at <= v_now AND h.not_after > v_now
                           AND current_share(p.share, p.slowed_at) = 1 AS leaves
                      FROM outbox h
                      CROSS JOIN LATERAL pace_of(h.org_id, h.channel_id) p
                     WHERE h.message_id = ANY (v_next) AND h.org_id = ANY (p_org_ids)) i
             WHERE o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id AND o.state = 'held'
            RETURNING o.channel_id, o.contact_id, o.message_id, o.state
        )
        SELECT v_seen || array_agg(f.message_id),
               v_channels || array_agg(f.channel_id) FILTER (WHERE f.state = 'queued'),
               v_contacts || array_agg(f.contact_id) FILTER (WHERE f.state = 'queued'),
               v_freed || array_agg(f.message_id) FILTER (WHERE f.state = 'queued')
          INTO v_seen, v_channels, v_contacts, v_freed FROM freed f;
    END LOOP;
    IF v_freed IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg((SELECT f.message_id
                                FROM unnest(v_channels, v_contacts, v_freed)
                                     AS f (channel_id, contact_id, message_id)
                               WHERE f.channel_id = i.channel_id AND f.contact_id = i.contact_id
                               LIMIT 1) ORDER BY i.n)
              FROM unnest(p_channel_ids, p_contact_ids) WITH ORDINALITY AS i (channel_id, contact_id, n));
END $$;

-- pull_forward: what is sent as high behind bulk that waits for its slots would wait with it: so those ahead of it
-- get slots of high, too; p_taken: in whose line somebody stands. What waits for a retry keeps its time, and so does
-- what a slowed channel has put off. The caller has locked the wallets.
CREATE OR REPLACE FUNCTION pull_forward(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[],
                                        p_priorities text[], p_taken boolean[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now   timestamptz := clock_timestamp();
    v_ahead record; -- of each an array
BEGIN
    SELECT array_agg(o.message_id ORDER BY o.seq) AS messages, array_agg(o.org_id ORDER BY o.seq) AS orgs,
           array_agg(o.channel_id ORDER BY o.seq) AS channels, array_agg('high'::text) AS priorities
      INTO v_ahead
      FROM (SELECT DISTINCT i.org_id, i.channel_id, i.contact_id
              FROM unnest(p_org_ids, p_channel_ids, p_contact_ids, p_priorities, p_taken)
                   AS i (org_id, channel_id, contact_id, priority, is_taken)
             WHERE i.priority = 'high' AND i.is_taken) i
     CROSS JOIN LATERAL ( -- line by line: OFFSET keeps the planner from going through all of the outbox first
           SELECT * FROM outbox u
            WHERE u.channel_id = i.channel_id AND u.contact_id = i.contact_id AND u.org_id = i.org_id
              AND u.seq IS NOT NULL ORDER BY u.seq OFFSET 0) o
     WHERE o.priority = 'bulk' AND o.state IN ('scheduled', 'held') AND o.attempt = 0
       AND NOT o.paced AND o.due_at > v_now AND o.due_at < 'infinity';
    IF v_ahead.messages IS NOT NULL THEN
        PERFORM give_slots(v_ahead.orgs, v_ahead.channels, v_ahead.messages, v_ahead.priorities, true);
    END IF;
END $$;
