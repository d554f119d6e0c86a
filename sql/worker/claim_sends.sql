-- claim_sends: a worker takes messages. Only what is `queued` is claimed, so a job that comes twice
-- claims once; credentials are read in the same statement and are the channel's current ones.
--
-- The worker makes an id for each claim. Repeated under the same id (an answer to COMMIT that got
-- lost) a claim finds what it has claimed; settling and releasing name it too, so that nobody settles
-- or releases what somebody else has claimed since.
--
-- What may not leave is not claimed but parked: of a channel that is paused, of an org that is suspended,
-- or past its not_after.
DROP FUNCTION IF EXISTS claim_sends(uuid, uuid[], uuid[]);
CREATE OR REPLACE FUNCTION claim_sends(p_claim_id uuid, p_org_ids uuid[], p_message_ids uuid[])
RETURNS TABLE (message_id uuid, org_id uuid, channel_id uuid, phone_number_id text, access_token text, type text,
               payload text, attempt bigint) -- 1: the first
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_claimed record; -- of each an array
BEGIN
    IF current_setting('tollgate.is_home', true) IS DISTINCT FROM 'yes' THEN
        PERFORM expect_home();
    END IF;
    WITH claimed AS (
        UPDATE outbox o
           SET state = 'sending', claim_id = p_claim_id, claimed_at = clock_timestamp(),
               attempt = CASE o.state WHEN 'queued' THEN o.attempt + 1 ELSE o.attempt END
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND (o.state = 'queued' OR o.claim_id = p_claim_id)
        RETURNING o.message_id, o.org_id, o.channel_id, o.attempt, o.not_after > clock_timestamp() AS in_time
    )
    -- Said once, since the channel may be paused or resumed meanwhile: each one either leaves or is parked.
    SELECT array_agg(o.org_id) AS orgs, array_agg(o.message_id) AS messages, array_agg(o.channel_id) AS channels,
           array_agg(o.attempt) AS attempts, array_agg(o.in_time AND c.sends) AS leave,
           bool_and(o.in_time AND c.sends) AS all_leave
      INTO v_claimed FROM claimed o LEFT JOIN channels c ON c.id = o.channel_id AND c.org_id = o.org_id;

    RETURN QUERY
    SELECT o.message_id, o.org_id, o.channel_id, c.phone_number_id, c.access_token, m.type, m.payload::text,
           o.attempt::bigint
      FROM unnest(v_claimed.orgs, v_claimed.messages, v_claimed.channels, v_claimed.attempts, v_claimed.leave)
           AS o (org_id, message_id, channel_id, attempt, leaves)
     CROSS JOIN LATERAL (SELECT s.type, s.payload FROM messages s
                          WHERE s.id = o.message_id AND s.org_id = o.org_id LIMIT 1) m
      JOIN channels c ON c.id = o.channel_id AND c.org_id = o.org_id
     WHERE o.leaves;

    IF NOT v_claimed.all_leave THEN
        PERFORM park_sends(array_agg(o.org_id), array_agg(o.message_id), p_claim_id)
           FROM unnest(v_claimed.orgs, v_claimed.messages, v_claimed.leave) AS o (org_id, message_id, leaves)
          WHERE NOT o.leaves;
    END IF;
END $$;
