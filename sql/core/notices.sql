-- What follows from what Meta tells of accounts and numbers (account_notices): alerts, pauses, and a higher rate.
--
-- A notice is a word on a matter. Of the words on one matter of one account, or number, the newest by Meta's clock
-- counts, in whatever order they come. What is wrong is an open alert of each org that has a channel there; what its
-- error rule says (account:...) is done to the channels, as if Meta had refused them. A pause lasts as long as its
-- alert: until Meta's next word, its own end, or somebody resolves it.

-- digits_of: a number without what people write between its digits.
CREATE OR REPLACE FUNCTION digits_of(p_number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(p_number, '[^0-9]', '', 'g');

-- number_named: the number that a notice names, as digits; NULL: none. (Bounded, as it becomes a key; one that is too long
-- is nobody's.)
CREATE OR REPLACE FUNCTION number_named(p_value json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(nullif(digits_of(left(coalesce(p_value ->> 'phone_number', p_value ->> 'display_phone_number'), 64)), ''), 20);

-- notice_says: what a notice is a word on, and what it says; a row where something follows. outcome NULL: all is well.
CREATE OR REPLACE FUNCTION notice_says(p_field text, p_event text, p_value json)
RETURNS TABLE (matter text, outcome text, number text, is_of_number boolean, ends_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT m.matter, CASE m.matter WHEN 'restriction' THEN r.outcome ELSE m.outcome END, d.number,
           m.is_of_number OR d.number IS NOT NULL OR p_value -> 'disconnection_info' IS NOT NULL, r.ends_at
      FROM (VALUES
            ('account_update', 'DISABLED_UPDATE', 'SCHEDULE_FOR_DISABLE', 'ban', 'account:disable_scheduled', false),
            ('account_update', 'DISABLED_UPDATE', 'DISABLE', 'ban', 'account:disabled', false),
            ('account_update', 'DISABLED_UPDATE', 'REINSTATE', 'ban', NULL, false),
            ('account_update', 'ACCOUNT_DELETED', NULL, 'deletion', 'account:deleted', false),
            ('account_update', 'ACCOUNT_RESTRICTION', NULL, 'restriction', NULL, false),
            ('account_update', 'ACCOUNT_VIOLATION', NULL, 'violation', 'account:violation', false),
            ('account_update', 'PARTNER_REMOVED', NULL, 'partner', 'account:removed', false),
            ('account_update', 'PARTNER_ADDED', NULL, 'partner', NULL, false),
            ('account_update', 'PARTNER_APP_UNINSTALLED', NULL, 'app', 'account:uninstalled', false),
            ('account_update', 'PARTNER_APP_INSTALLED', NULL, 'app', NULL, false),
            ('account_update', 'ACCOUNT_OFFBOARDED', NULL, 'device', 'account:offboarded', true),
            ('account_update', 'ACCOUNT_RECONNECTED', NULL, 'device', NULL, true),
            ('account_review_update', 'REJECTED', NULL, 'review', 'account:rejected', false),
            ('account_review_update', 'APPROVED', NULL, 'review', NULL, false),
            ('phone_number_quality_update', 'FLAGGED', NULL, 'quality', 'account:flagged', true),
            ('phone_number_quality_update', 'UNFLAGGED', NULL, 'quality', NULL, true),
            ('phone_number_quality_update', 'THROUGHPUT_UPGRADE', NULL, 'throughput', NULL, true)
           ) AS m (field, event, state, matter, outcome, is_of_number)
     CROSS JOIN LATERAL number_named(p_value) AS d (number)
     CROSS JOIN LATERAL read_restrictions(CASE m.matter WHEN 'restriction' THEN p_value -> 'restriction_info' END) r
     WHERE m.field = p_field AND m.event = p_event
       AND (m.state IS NULL OR m.state = p_value -> 'ban_info' ->> 'waba_ban_state');
$$;

-- read_restrictions: what Meta's list of restrictions comes to, and when it ends; NULL: there are none, or it does
-- not. Only where neither who is written to first nor who has written may be answered, nothing can be sent.
CREATE OR REPLACE FUNCTION read_restrictions(p_list json, OUT outcome text, OUT ends_at timestamptz)
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN count(*) = 0 THEN NULL
                WHEN array_agg(r.kind) @> '{RESTRICTED_BIZ_INITIATED_MESSAGING,RESTRICTED_CUSTOMER_INITIATED_MESSAGING}'
                THEN 'account:restricted_wholly' ELSE 'account:restricted' END,
           CASE WHEN count(r.until) = count(*) THEN to_timestamp(max(r.until)) END
      FROM (SELECT e ->> 'restriction_type' AS kind, substring(e ->> 'expiration' FROM '^[0-9]{1,10}$')::bigint AS until
              FROM json_array_elements(CASE json_typeof(p_list) WHEN 'array' THEN p_list ELSE '[]' END) e) r;
$$;

-- channels_told_of: the channels of an account that a word from that time is about; NULL: none. One on a single number
-- is about its channel: where that cannot be told by display_phone_number, the one that was written or the one that Meta
-- has told, it is the only one that there is.
CREATE OR REPLACE FUNCTION channels_told_of(p_waba_id text, p_is_of_number boolean, p_number text, p_at timestamptz)
RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(c.id) FILTER (WHERE NOT p_is_of_number OR c.number = p_number
                                      OR c.number IS NULL AND c.all_there_are = 1)
      FROM (SELECT k.id, k.number_since, count(*) OVER () AS all_there_are,
                   coalesce(nullif(digits_of(k.display_phone_number), ''),
                            (SELECT nullif(digits_of(f.value #>> '{}'), '') FROM channel_facts f
                              WHERE f.org_id = k.org_id AND f.channel_id = k.id
                                AND f.fact = 'display_phone_number')) AS number
              FROM channels k WHERE k.waba_id = p_waba_id AND k.status <> 'disabled') c
     WHERE c.number_since <= p_at;
$$;

-- raise_account_alerts: tells the orgs that have these channels, or else (NULL) the one that has the account's.
CREATE OR REPLACE FUNCTION raise_account_alerts(p_notice account_notices, p_channel_ids uuid[], p_number text,
                                                p_outcome text, p_ends_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alerts AS a (org_id, kind, outcome, message, advice, waba_id, number, matter, ends_at)
    SELECT o.org_id, 'account', p_outcome, left(p_notice.value::text, 2000), r.advice, p_notice.waba_id, p_number,
           p_notice.matter, p_ends_at
      FROM error_rule_of(p_outcome) r
     CROSS JOIN LATERAL (
           SELECT DISTINCT c.org_id FROM channels c WHERE c.id = ANY (p_channel_ids)
           UNION
           SELECT p_notice.org_id WHERE p_channel_ids IS NULL AND EXISTS (
                  SELECT FROM channels c WHERE c.org_id = p_notice.org_id AND c.waba_id = p_notice.waba_id
                                           AND c.status <> 'disabled' AND c.number_since <= p_notice.told_at)) o
    ON CONFLICT (org_id, waba_id, coalesce(number, ''), matter) WHERE resolved_at IS NULL AND kind = 'account'
    DO UPDATE SET message = excluded.message, advice = excluded.advice, ends_at = excluded.ends_at;
END $$;

-- raise_rates: numbers that Meta has made faster. A rate that is not the one that numbers begin with was set by
-- somebody, who knows why.
CREATE OR REPLACE FUNCTION raise_rates(p_channel_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_at_first CONSTANT integer := 80;
    c_upgraded CONSTANT integer := 1000;
    v_orgs     uuid[] := ARRAY(SELECT DISTINCT c.org_id FROM channels c WHERE c.id = ANY (p_channel_ids));
BEGIN
    IF NOT v_orgs <@ lock_free_wallets(v_orgs) THEN -- what waits is to be paced anew
        RAISE lock_not_available USING MESSAGE = 'somebody holds the wallet';
    END IF;
    UPDATE channels c SET max_mps = c_upgraded WHERE c.id = ANY (p_channel_ids) AND c.max_mps = c_at_first;
END $$;

-- act_on_notice: does what follows from a notice. Waits for nobody: lock_not_available says that it is to be tried
-- again.
CREATE OR REPLACE FUNCTION act_on_notice(p_notice account_notices) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_says     record;
    v_channels uuid[];
BEGIN
    SELECT * INTO v_says FROM notice_says(p_notice.field, p_notice.event, p_notice.value);
    IF NOT FOUND OR EXISTS ( -- a newer word
           SELECT FROM unnest(ARRAY['', v_says.number]) AS i (number)
             JOIN account_notices n ON n.waba_id = p_notice.waba_id AND n.matter = p_notice.matter
                                   AND coalesce(n.number, '') = i.number
                                   AND (n.told_at, n.id) > (p_notice.told_at, p_notice.id)) THEN
        RETURN;
    END IF;
    v_channels := channels_told_of(p_notice.waba_id, v_says.is_of_number, v_says.number, p_notice.told_at);
    IF v_says.matter = 'throughput' THEN
        PERFORM raise_rates(v_channels);
        RETURN;
    END IF;
    PERFORM FROM channels c WHERE c.id = ANY (v_channels) ORDER BY c.id FOR NO KEY UPDATE NOWAIT;
    UPDATE alerts a SET resolved_at = now()
     WHERE a.kind = 'account' AND a.resolved_at IS NULL AND a.waba_id = p_notice.waba_id
       AND a.matter = p_notice.matter AND (v_says.number IS NULL OR a.number = v_says.number)
       AND a.outcome IS DISTINCT FROM v_says.outcome;
    IF v_says.outcome IS NOT NULL AND coalesce(v_says.ends_at > clock_timestamp(), true) THEN
        IF (SELECT r.action FROM error_rule_of(v_says.outcome) r) = 'pause_channel' AND v_channels IS NOT NULL THEN
            -- What had another token by then, or was set going again, is not meant any more.
            v_channels := ARRAY(SELECT c.id FROM channels c
                                 WHERE c.id = ANY (v_channels) AND c.token_changed_at <= p_notice.told_at);
            UPDATE channels c SET status = 'paused', paused_for = v_says.outcome
             WHERE c.id = ANY (v_channels) AND c.status = 'active';
        END IF;
        PERFORM raise_account_alerts(p_notice, v_channels, v_says.number, v_says.outcome, v_says.ends_at);
    END IF;
END $$;

-- resume_after_notices: sets going again what notices have paused and no open alert is a reason for any more. An org
-- whose wallet somebody holds is left to the next time.
CREATE OR REPLACE FUNCTION resume_after_notices() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_channel record;
BEGIN
    FOR v_channel IN
        SELECT c.org_id, c.id FROM channels c
         WHERE c.paused_for LIKE 'account:%' AND c.status = 'paused' AND NOT EXISTS (
               SELECT FROM alerts a
                WHERE a.org_id = c.org_id AND a.kind = 'account' AND a.resolved_at IS NULL
                  AND a.waba_id = c.waba_id AND a.outcome = c.paused_for
                  AND coalesce(a.number = digits_of(c.display_phone_number), true))
         ORDER BY c.id
    LOOP
        CONTINUE WHEN v_channel.org_id <> ALL (lock_free_wallets(ARRAY[v_channel.org_id]));
        UPDATE channels c SET status = 'active' WHERE c.org_id = v_channel.org_id AND c.id = v_channel.id;
    END LOOP;
END $$;
