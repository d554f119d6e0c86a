-- How numbers are, as Meta says it: by webhooks, of which follow_notices learns, and asked by a worker (claim_channel_looks,
-- record_channel_looks). Each fact has the time as of which it was so, and the newest word on it counts, in whatever order
-- they come.
--
-- The row of channel_health is locked by whoever writes facts, and by whoever takes the number away (follow_channel_health):
-- so nothing of what was known before, or was just being asked, outlives that.

-- open_channel_health: a new channel is looked at soon.
CREATE OR REPLACE FUNCTION open_channel_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO channel_health (org_id, channel_id, paused_at, due_at)
    VALUES (NEW.org_id, NEW.id, CASE WHEN NEW.status = 'paused' THEN clock_timestamp() END,
            CASE WHEN NEW.status = 'disabled' THEN 'infinity' ELSE clock_timestamp() END)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- follow_channel_health: since when a channel is paused; that it is looked at once something may have become better; and
-- that nothing is known any more of a number that is given up, had anew, or another.
CREATE OR REPLACE FUNCTION follow_channel_health() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_is_another CONSTANT boolean := NEW.phone_number_id <> OLD.phone_number_id
                                     OR (NEW.status = 'disabled') <> (OLD.status = 'disabled');
    v_is_anew    CONSTANT boolean := v_is_another OR NEW.token_changed_at <> OLD.token_changed_at
                                     OR NEW.waba_id IS DISTINCT FROM OLD.waba_id;
BEGIN
    UPDATE channel_health h
       SET paused_at = CASE WHEN NEW.status <> 'paused' THEN NULL
                            WHEN OLD.status = 'paused' THEN h.paused_at ELSE clock_timestamp() END,
           due_at = CASE WHEN NEW.status = 'disabled' THEN 'infinity'
                         WHEN v_is_anew OR NEW.org_active AND NOT OLD.org_active THEN clock_timestamp()
                         ELSE h.due_at END,
           look_id = CASE WHEN NOT v_is_anew THEN h.look_id END,
           failures = CASE WHEN v_is_anew THEN 0 ELSE h.failures END,
           looked_at = CASE WHEN NOT v_is_another THEN h.looked_at END,
           failed_at = CASE WHEN NOT v_is_another THEN h.failed_at END,
           error_code = CASE WHEN NOT v_is_another THEN h.error_code END,
           error_message = CASE WHEN NOT v_is_another THEN h.error_message END
     WHERE h.org_id = NEW.org_id AND h.channel_id = NEW.id;
    IF v_is_another THEN
        DELETE FROM channel_facts f WHERE f.org_id = NEW.org_id AND f.channel_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

-- short_text: a text of Meta's as it is kept; NULL: it is none.
CREATE OR REPLACE FUNCTION short_text(p_value json) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN json_typeof(p_value) = 'string' THEN to_jsonb(left(p_value #>> '{}', 256)) END;
$$;

-- messaging_limit: how many may be written to first in a day, in the words of Meta's newer webhooks. (Older ones have a
-- number in their place, -1 for no limit.)
CREATE OR REPLACE FUNCTION messaging_limit(p_value json) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN json_typeof(p_value) = 'string' THEN short_text(p_value)
                WHEN p_value::text = '-1' THEN to_jsonb('TIER_UNLIMITED'::text)
                WHEN p_value::text ~ '^[1-9][0-9]{0,2}0{3}$' THEN to_jsonb('TIER_' || left(p_value::text, -3) || 'K')
                WHEN p_value::text ~ '^[1-9][0-9]{0,8}$' THEN to_jsonb('TIER_' || p_value::text) END;
$$;

-- facts_in_notice: what a notice says for sure, as facts of the number, or of all of the account. (Quality is not among
-- it: Meta says that it is bad, and not how bad. It is asked soon after.)
CREATE OR REPLACE FUNCTION facts_in_notice(p_field text, p_event text, p_value json)
RETURNS TABLE (fact text, value jsonb, is_of_number boolean) LANGUAGE sql IMMUTABLE AS $$
    SELECT f.fact, f.value, f.is_of_number
      FROM (VALUES
            ('phone_number_quality_update', 'FLAGGED', 'status', to_jsonb('FLAGGED'::text), true),
            ('phone_number_quality_update', 'UNFLAGGED', 'status', to_jsonb('CONNECTED'::text), true),
            ('phone_number_quality_update', 'THROUGHPUT_UPGRADE', 'throughput', to_jsonb('HIGH'::text), true),
            ('phone_number_quality_update', p_event, 'messaging_limit',
             coalesce(messaging_limit(p_value -> 'current_limit'),
                      messaging_limit(p_value -> 'max_daily_conversations_per_business')), true),
            ('business_capability_update', p_event, 'messaging_limit',
             messaging_limit(p_value -> 'max_daily_conversations_per_business'), false),
            ('phone_number_name_update', 'APPROVED', 'verified_name',
             short_text(p_value -> 'requested_verified_name'), true),
            ('phone_number_name_update', 'APPROVED', 'name_status', to_jsonb('APPROVED'::text), true),
            ('phone_number_name_update', p_event, 'name_request',
             jsonb_build_object('name', short_text(p_value -> 'requested_verified_name'), 'decision', left(p_event, 64),
                                'reason', short_text(p_value -> 'rejection_reason')), true),
            ('account_update', 'ACCOUNT_DELETED', 'can_send_message', to_jsonb('BLOCKED'::text), false),
            ('account_update', CASE WHEN p_value -> 'ban_info' ->> 'waba_ban_state' = 'DISABLE'
                                    THEN 'DISABLED_UPDATE' END, 'can_send_message', to_jsonb('BLOCKED'::text), false)
           ) AS f (field, event, fact, value, is_of_number)
     WHERE f.field = p_field AND f.event IS NOT DISTINCT FROM p_event AND f.value IS NOT NULL;
$$;

-- know_facts: each of the facts counts, unless a newer word on it is known.
CREATE OR REPLACE FUNCTION know_facts(p_org_ids uuid[], p_channel_ids uuid[], p_facts text[], p_values jsonb[],
                                      p_as_of timestamptz[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO channel_facts AS f (org_id, channel_id, fact, value, as_of)
    SELECT i.org_id, i.channel_id, i.fact, i.value, i.as_of
      FROM unnest(p_org_ids, p_channel_ids, p_facts, p_values, p_as_of) AS i (org_id, channel_id, fact, value, as_of)
     ORDER BY i.org_id, i.channel_id, i.fact
    ON CONFLICT (org_id, channel_id, fact) DO UPDATE SET value = excluded.value, as_of = excluded.as_of
     WHERE f.as_of <= excluded.as_of;
$$;

-- learn_from_notice: what a notice says of numbers is known from now on, and Meta is asked for the rest in a minute, by
-- when its answers say the same. Waits for nobody, as act_on_notice.
CREATE OR REPLACE FUNCTION learn_from_notice(p_notice account_notices) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_soon CONSTANT interval := '1 minute';
    v_facts         record; -- of each an array
    v_ids           uuid[];
BEGIN
    SELECT array_agg(f.fact) AS names, array_agg(f.value) AS says, bool_or(f.is_of_number) AS are_of_number
      INTO v_facts FROM facts_in_notice(p_notice.field, p_notice.event, p_notice.value) f;
    IF v_facts.names IS NULL THEN
        RETURN;
    END IF;
    v_ids := channels_told_of(p_notice.waba_id, v_facts.are_of_number, number_named(p_notice.value), p_notice.told_at);
    PERFORM FROM channel_health h WHERE h.channel_id = ANY (v_ids) ORDER BY h.channel_id FOR UPDATE NOWAIT;
    UPDATE channel_health h SET due_at = least(h.due_at, clock_timestamp() + c_soon)
      FROM channels c
     WHERE c.id = ANY (v_ids) AND h.org_id = c.org_id AND h.channel_id = c.id AND c.status <> 'disabled';
    -- (Asked anew whose they are: nobody takes one away while its row is locked.)
    PERFORM know_facts(array_agg(c.org_id), array_agg(c.id), array_agg(f.fact), array_agg(f.value),
                       array_agg(p_notice.told_at + interval '1 second'))
       FROM channels c CROSS JOIN unnest(v_facts.names, v_facts.says) AS f (fact, value)
      WHERE c.id = ANY (v_ids) AND c.status <> 'disabled' AND c.number_since <= p_notice.told_at;
END $$;

-- look_after: how long a number is let alone once it was looked at: about so long, so that looks spread; after failures
-- at first for minutes, to see whether it has passed, and then for longer and longer.
CREATE OR REPLACE FUNCTION look_after(p_interval_s bigint, p_failures integer) RETURNS interval
LANGUAGE sql VOLATILE
RETURN (0.9 + 0.2 * random()) * CASE p_failures WHEN 0 THEN p_interval_s * interval '1 second'
                                ELSE least(interval '1 day', interval '5 minutes' * 2 ^ least(p_failures - 1, 10)) END;
