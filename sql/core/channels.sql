-- Pausing a channel whose credentials or number Meta no longer takes, and setting it going again.
--
-- While a channel is paused, or its org suspended, its messages are parked: `scheduled`, due at infinity. Each is
-- parked when its turn comes (release_due_sends, claim_sends), so that pausing costs nothing however many wait.

-- was_handed_over: whether a number has been another org's. (It and last_with_number are no queries to be inlined:
-- mostly nobody asks, and to make ready for it takes time.)
CREATE OR REPLACE FUNCTION was_handed_over(p_phone_number_id text, p_org_id uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM channels c WHERE c.phone_number_id = p_phone_number_id AND c.org_id <> p_org_id);
END $$;

-- last_with_number: the channel that has given the number up last.
CREATE OR REPLACE FUNCTION last_with_number(p_phone_number_id text) RETURNS SETOF channels
LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT c.* FROM channels c WHERE c.phone_number_id = p_phone_number_id AND c.status = 'disabled'
                  ORDER BY c.number_since DESC LIMIT 1;
END $$;

-- number_at: whose a number was at a time, in whole seconds: the channel that has it now, or had it last, and its org.
-- org_id NULL: it was another org's then, which has given it up since.
CREATE OR REPLACE FUNCTION number_at(p_phone_number_id text, p_at timestamptz)
RETURNS TABLE (id uuid, org_id uuid) LANGUAGE sql STABLE AS $$
    SELECT c.id, CASE WHEN p_at > c.number_since - interval '1 second'
                           OR NOT was_handed_over(p_phone_number_id, c.org_id) THEN c.org_id END
      FROM (SELECT h.id, h.org_id, h.number_since FROM channels h
             WHERE h.phone_number_id = p_phone_number_id AND h.status <> 'disabled'
             UNION ALL
            SELECT h.id, h.org_id, h.number_since FROM last_with_number(p_phone_number_id) h) c
     LIMIT 1;
$$;

-- park_sends: parks messages whose turn has come but that may not leave: those of channels that do not
-- send until the channel is resumed, those past their not_after until the janitor expires them. The
-- lock on the channel makes whoever resumes it at this moment find them. Who holds it already is not waited
-- for, as all that is due would wait too: then they are looked at again soon.
CREATE OR REPLACE FUNCTION park_sends(p_org_ids uuid[], p_message_ids uuid[], p_claim_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_look_again CONSTANT interval := '1 second';
    v_now        timestamptz := clock_timestamp();
    v_paused     uuid[];
BEGIN
    SELECT array_agg(p.id) INTO v_paused
      FROM (SELECT c.id FROM channels c
             WHERE (c.org_id, c.id) IN (SELECT o.org_id, o.channel_id FROM outbox o
                                         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids))
               AND NOT c.sends ORDER BY c.id FOR SHARE SKIP LOCKED) p;
    UPDATE outbox o
       SET state = 'scheduled', due_at = i.due_at, look_at = least(i.due_at, o.not_after),
           attempt = CASE o.state WHEN 'sending' THEN o.attempt - 1 ELSE o.attempt END,
           claim_id = NULL, claimed_at = NULL
      FROM (SELECT u.org_id, u.message_id,
                   CASE WHEN u.channel_id = ANY (v_paused) THEN 'infinity'
                        WHEN NOT c.sends THEN v_now + c_look_again
                        ELSE v_now END AS due_at
              FROM outbox u JOIN channels c ON c.org_id = u.org_id AND c.id = u.channel_id
             WHERE u.message_id = ANY (p_message_ids) AND u.org_id = ANY (p_org_ids)) i
     WHERE o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id
       AND (o.state = 'scheduled' OR o.claim_id = p_claim_id);
END $$;

-- pause_channels: what outcomes say of the channels that met them, at the times when they were tried: a
-- failure from before the channel got its token, or was set going again, pauses nothing. One open alert for
-- each channel. Who changes a channel just now is not waited for: the next failure pauses it. Returns the
-- channels that were paused by this.
CREATE OR REPLACE FUNCTION pause_channels(p_failures failure[], OUT paused_ids uuid[])
LANGUAGE plpgsql AS $$
DECLARE
    v_locked uuid[];
BEGIN
    SELECT array_agg(l.id) INTO v_locked
      FROM (SELECT c.id FROM channels c
             WHERE c.status = 'active'
               AND (c.org_id, c.id) IN (SELECT f.org_id, f.channel_id FROM unnest(p_failures) f)
             ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED) l;
    WITH cause AS (
        SELECT DISTINCT ON (f.channel_id) f.*
          FROM unnest(p_failures) WITH ORDINALITY f
          JOIN channels c ON c.org_id = f.org_id AND c.id = f.channel_id
         WHERE c.id = ANY (v_locked) AND f.tried_at >= c.token_changed_at
         ORDER BY f.channel_id, f.ordinality
    ), paused AS (
        UPDATE channels c SET status = 'paused', paused_for = i.outcome
          FROM cause i WHERE c.org_id = i.org_id AND c.id = i.channel_id
        RETURNING c.org_id, c.id, i.outcome, i.message, i.subcode
    ), raised AS (
        INSERT INTO alerts (org_id, channel_id, kind, outcome, message, advice)
        SELECT p.org_id, p.id, 'channel_paused', p.outcome, p.message, r.advice
          FROM paused p CROSS JOIN LATERAL error_rule_of(p.outcome, p.subcode, p.message) r
        ON CONFLICT DO NOTHING
    )
    SELECT array_agg(p.id) INTO paused_ids FROM paused p;
END $$;

-- act_on_failures: what failures say of more than their message: their channels are slowed or paused, their
-- recipients opted out of bulk; those without an action are of content that Meta does not take, of which rules are
-- told whose replies they were. Returns the channels that were paused by this.
CREATE OR REPLACE FUNCTION act_on_failures(p_failures failure[], OUT paused_ids uuid[])
LANGUAGE plpgsql AS $$
DECLARE
    v_actions text[] := ARRAY(SELECT f.action FROM unnest(p_failures) f);
BEGIN
    IF 'slow_channel' = ANY (v_actions) THEN
        PERFORM slow_channels(array_agg(f.org_id), array_agg(f.channel_id))
           FROM unnest(p_failures) f WHERE f.action = 'slow_channel';
    END IF;
    IF 'pause_channel' = ANY (v_actions) THEN
        paused_ids := pause_channels(ARRAY(SELECT f FROM unnest(p_failures) f WHERE f.action = 'pause_channel'));
    END IF;
    IF 'none' = ANY (v_actions) THEN
        PERFORM alert_refused_replies(array_agg(f.org_id), array_agg(f.message_id))
           FROM unnest(p_failures) f WHERE f.action = 'none';
    END IF;
    IF 'opt_out_bulk' = ANY (v_actions) THEN
        PERFORM set_preferences(array_agg(m.org_id), array_agg(m.channel_id),
                                array_agg(coalesce(c.merged_into, c.id)), array_agg(true), array_agg(now()))
           FROM unnest(p_failures) f JOIN messages m ON m.id = ANY (ARRAY[f.message_id]) AND m.org_id = f.org_id
           JOIN contacts c ON c.org_id = m.org_id AND c.id = ANY (ARRAY[m.contact_id])
          WHERE f.action = 'opt_out_bulk';
    END IF;
END $$;

-- A new token sets a channel going again that an outcome has paused, however it is written. Who paused a
-- channel by hand also sets it going by hand. What was disabled has its number anew.
CREATE OR REPLACE FUNCTION follow_channel() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    -- What is sealed is the same token.
    v_is_new CONSTANT boolean := NEW.access_token <> OLD.access_token
                                 AND current_setting('tollgate.sealing', true) IS DISTINCT FROM 'yes';
BEGIN
    IF v_is_new AND OLD.status = 'paused' AND NEW.status = 'paused' AND NEW.paused_for IS NOT NULL THEN
        NEW.status := 'active';
    END IF;
    IF v_is_new OR (OLD.status <> 'active' AND NEW.status = 'active') THEN
        NEW.token_changed_at := clock_timestamp();
    END IF;
    IF NEW.status <> 'paused' THEN
        NEW.paused_for := NULL;
    END IF;
    IF OLD.status = 'disabled' AND NEW.status <> 'disabled' THEN
        NEW.number_since := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

-- What comes of a change of the org's: its channels send or do not. Whoever claims a message looks at its channel
-- anyway, and so asks nothing more.
CREATE OR REPLACE FUNCTION follow_org() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE channels c SET org_active = NEW.status = 'active' WHERE c.org_id = NEW.id;
    RETURN NULL;
END $$;

-- The same for a new channel. The lock makes whoever suspends the org at this moment find it.
CREATE OR REPLACE FUNCTION join_org() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    NEW.org_active := coalesce((SELECT o.status = 'active' FROM organizations o WHERE o.id = NEW.org_id FOR SHARE),
                               true);
    RETURN NEW;
END $$;

-- Gives what was parked new slots.
CREATE OR REPLACE FUNCTION resume_channel() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE alerts a SET resolved_at = now()
     WHERE NEW.status = 'active' AND a.org_id = NEW.org_id AND a.channel_id = NEW.id
       AND a.kind = 'channel_paused' AND a.resolved_at IS NULL;
    UPDATE alerts a SET resolved_at = now()
     WHERE NEW.status = 'active' AND OLD.paused_for LIKE 'account:%' AND a.org_id = NEW.org_id AND a.kind = 'account'
       AND a.resolved_at IS NULL AND a.waba_id = NEW.waba_id AND a.outcome = OLD.paused_for
       AND NOT EXISTS (SELECT FROM channels c
                        WHERE c.org_id = NEW.org_id AND c.waba_id = NEW.waba_id AND c.paused_for = OLD.paused_for);
    PERFORM lock_wallets(ARRAY[NEW.org_id]);
    PERFORM give_slots(array_agg(o.org_id), array_agg(o.channel_id), array_agg(o.message_id ORDER BY o.seq),
                       array_agg(o.priority ORDER BY o.seq), false)
       FROM outbox o
      WHERE o.org_id = NEW.org_id AND o.channel_id = NEW.id AND o.state = 'scheduled' AND o.due_at = 'infinity'
        AND NOT EXISTS ( -- set aside, as its campaign is paused
            SELECT FROM campaign_messages k JOIN campaigns c ON c.org_id = k.org_id AND c.id = k.campaign_id
             WHERE o.seq IS NULL AND k.message_id = o.message_id AND k.org_id = o.org_id AND c.state = 'paused');
    RETURN NULL;
END $$;

-- What an org is told of its channels.
CREATE OR REPLACE FUNCTION tell_of_channel() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_type CONSTANT text := CASE WHEN NEW.status = 'paused' THEN 'channel.paused'
                                 WHEN NEW.status = 'disabled' THEN 'channel.removed'
                                 WHEN TG_OP = 'UPDATE' AND OLD.status = 'paused' THEN 'channel.resumed'
                                 ELSE 'channel.connected' END;
BEGIN
    PERFORM tell_event(NEW.org_id, v_type, NEW.id, jsonb_build_object(
        'channel_id', NEW.id, 'phone_number_id', NEW.phone_number_id, 'display_phone_number', NEW.display_phone_number,
        'waba_id', NEW.waba_id, 'status', NEW.status, 'paused_for', NEW.paused_for));
    RETURN NULL;
END $$;

-- refuse_quietly: what a table's CHECK and NOT NULL say, said before PostgreSQL says it: that would write the whole
-- row into its log, and a channel's has the access token in it.
CREATE OR REPLACE FUNCTION refuse_quietly() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_rule  record;
    v_holds boolean;
BEGIN
    FOR v_rule IN
        SELECT format('%I IS NOT NULL', a.attname) AS says, 'not_null_violation' AS condition, a.attname AS on_column,
               NULL AS name,
               format('null value in column "%s" of relation "%s" violates not-null constraint', a.attname,
                      TG_TABLE_NAME) AS message
          FROM pg_attribute a WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
        UNION ALL
        SELECT pg_get_expr(c.conbin, c.conrelid), 'check_violation', NULL, c.conname,
               format('new row for relation "%s" violates check constraint "%s"', TG_TABLE_NAME, c.conname)
          FROM pg_constraint c WHERE c.conrelid = TG_RELID AND c.contype = 'c'
    LOOP
        EXECUTE format('SELECT %s FROM (SELECT ($1).*) r', v_rule.says) INTO v_holds USING NEW;
        IF NOT v_holds THEN
            RAISE EXCEPTION USING ERRCODE = v_rule.condition, MESSAGE = v_rule.message, TABLE = TG_TABLE_NAME,
                SCHEMA = TG_TABLE_SCHEMA, COLUMN = coalesce(v_rule.on_column, ''),
                CONSTRAINT = coalesce(v_rule.name, '');
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
