-- Campaigns: one message to many. Starting one takes the fees of all its messages in one row of the ledger, a
-- `reservation`. A worker passes them on (core/campaign_pieces.sql): of each piece of its recipients it books what was
-- reserved for them back, a `release`, and in the same transaction accepts their messages, each with its own fee. So
-- nobody holds a wallet for longer than a piece takes, and whatever dies in between finds the next piece where it was.
--
-- Who changes a campaign locks first the wallet, where money moves, and then its row.

-- campaign_of: the org's campaign, or a refusal. Locked, so that nobody changes it meanwhile.
CREATE OR REPLACE FUNCTION campaign_of(p_org_id uuid, p_id uuid) RETURNS campaigns
LANGUAGE plpgsql AS $$
DECLARE
    v_campaign campaigns;
BEGIN
    SELECT * INTO v_campaign FROM campaigns c
     WHERE c.org_id = p_org_id AND c.id = p_id AND c.state <> 'filling' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', 'id', 'The org has no such campaign');
    END IF;
    RETURN v_campaign;
END $$;

-- last_piece: the campaign's last piece; all null: it has none.
CREATE OR REPLACE FUNCTION last_piece(p_org_id uuid, p_campaign_id uuid) RETURNS campaign_pieces
LANGUAGE sql STABLE AS $$
    SELECT * FROM campaign_pieces p WHERE p.org_id = p_org_id AND p.campaign_id = p_campaign_id
     ORDER BY p.n DESC LIMIT 1;
$$;

-- campaign_cost: what the wallet must carry for it, or has carried.
CREATE OR REPLACE FUNCTION campaign_cost(p_campaign campaigns) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT (p_campaign).recipients * coalesce((p_campaign).fee, h.service_fee_per_msg)
      FROM channels h WHERE h.org_id = (p_campaign).org_id AND h.id = (p_campaign).channel_id;
$$;

-- campaign_document: a campaign as its org sees it. What was not passed on when it ended is `dropped`.
CREATE OR REPLACE FUNCTION campaign_document(p_campaign campaigns) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
               'campaign_id', (p_campaign).id, 'name', (p_campaign).name, 'state', (p_campaign).state,
               'channel_id', (p_campaign).channel_id, 'phone_number_id', h.phone_number_id, 'type', (p_campaign).type,
               'placeholders', ARRAY(SELECT DISTINCT u FROM unnest((p_campaign).placeholders) u ORDER BY 1),
               'recipients', (p_campaign).recipients,
               'fee', money_text(coalesce((p_campaign).fee, h.service_fee_per_msg)),
               'cost', money_text(campaign_cost(p_campaign)),
               'passed', coalesce(l.passed, 0),
               'dropped', CASE WHEN (p_campaign).ended_at IS NULL THEN 0
                               ELSE (p_campaign).recipients - coalesce(l.passed, 0) END,
               'send_at', time_text((p_campaign).send_at), 'not_after', time_text((p_campaign).not_after),
               'max_mps', (p_campaign).max_mps, 'not_started_for', (p_campaign).not_started_for,
               'ended_for', (p_campaign).ended_for, 'created_at', time_text((p_campaign).created_at),
               'started_at', time_text((p_campaign).started_at), 'ended_at', time_text((p_campaign).ended_at))
      FROM channels h
      LEFT JOIN LATERAL last_piece((p_campaign).org_id, (p_campaign).id) l ON true
     WHERE h.org_id = (p_campaign).org_id AND h.id = (p_campaign).channel_id;
$$;

-- campaign_now: the same, of the campaign as it is by now.
CREATE OR REPLACE FUNCTION campaign_now(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT campaign_document(c) FROM campaigns c WHERE c.org_id = p_org_id AND c.id = p_id;
$$;

-- book_for_campaign: the first of what is booked is the campaign's reservation or a release. (What is 0 is not
-- booked.) The caller holds the wallet.
CREATE OR REPLACE FUNCTION book_for_campaign(p_org_id uuid, p_campaign_id uuid, p_kinds text[], p_amounts numeric[],
                                             p_message_ids uuid[], p_descriptions text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_n bigint := coalesce((SELECT t.n FROM wallet_transactions t WHERE t.org_id = p_org_id ORDER BY t.n DESC LIMIT 1), 0);
BEGIN
    PERFORM book(array_fill(p_org_id, ARRAY[cardinality(p_amounts)]), p_kinds, p_amounts, p_message_ids, p_descriptions);
    INSERT INTO campaign_bookings (org_id, n, campaign_id) SELECT p_org_id, v_n + 1, p_campaign_id WHERE p_amounts[1] <> 0;
END $$;

-- fault_of_campaign: what Meta would refuse its template for, as far as is known, where its org has such sends refused; null:
-- nothing. (Of a template that is another for each recipient each is judged when their turn comes.)
CREATE OR REPLACE FUNCTION fault_of_campaign(p_campaign campaigns) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT (fault_of_template(o.id, h.waba_id, s.payload, false, clock_timestamp())).code
      FROM organizations o
      JOIN channels h ON h.org_id = o.id AND h.id = (p_campaign).channel_id
     CROSS JOIN LATERAL (
           SELECT campaign_payload((p_campaign).parts, (p_campaign).id, '10000000000', NULL,
                                   to_json(ARRAY(SELECT '{{' || u || '}}' FROM unnest((p_campaign).placeholders) u))) AS payload
            OFFSET 0) s
     WHERE o.id = (p_campaign).org_id AND o.template_check = 'refuse' AND (p_campaign).type = 'template'
       AND s.payload !~ '"(name|code)": ?"[^"]*[{][{]';
$$;

-- why_not_started: why the campaign cannot start now, as a send would be refused; null: it can.
CREATE OR REPLACE FUNCTION why_not_started(p_campaign campaigns, p_balance numeric) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN o.status <> 'active' THEN 'org_suspended'
                WHEN h.status = 'disabled' THEN 'channel_not_found'
                WHEN h.status <> 'active' THEN 'channel_paused'
                WHEN (p_campaign).not_after <= clock_timestamp() THEN 'expired'
                WHEN f.fault IS NOT NULL THEN f.fault
                WHEN p_balance < campaign_cost(p_campaign) THEN 'insufficient_balance' END
      FROM organizations o
      JOIN channels h ON h.org_id = o.id AND h.id = (p_campaign).channel_id
     CROSS JOIN LATERAL (SELECT fault_of_campaign(p_campaign) AS fault) f
     WHERE o.id = (p_campaign).org_id;
$$;

-- begin_campaign: reserves the fees of all, and lets it run. Returns why not, and then leaves all as it is. The caller
-- holds the wallet and the campaign.
CREATE OR REPLACE FUNCTION begin_campaign(p_campaign campaigns, OUT why_not text, OUT cost numeric, OUT balance numeric)
LANGUAGE plpgsql AS $$
BEGIN
    cost := campaign_cost(p_campaign);
    balance := coalesce((SELECT w.balance FROM wallets w WHERE w.org_id = p_campaign.org_id), 0);
    why_not := why_not_started(p_campaign, balance);
    IF why_not IS NOT NULL THEN
        PERFORM tell_of_empty(ARRAY[p_campaign.org_id]) WHERE why_not = 'insufficient_balance';
        RETURN;
    END IF;
    PERFORM book_for_campaign(p_campaign.org_id, p_campaign.id, '{reservation}', ARRAY[-cost], ARRAY[NULL::uuid],
                              ARRAY['reserved for campaign ' || p_campaign.id]);
    UPDATE campaigns c
       SET state = 'running', started_at = clock_timestamp(), not_started_for = NULL,
           fee = (SELECT h.service_fee_per_msg FROM channels h WHERE h.org_id = c.org_id AND h.id = c.channel_id)
     WHERE c.org_id = p_campaign.org_id AND c.id = p_campaign.id;
    PERFORM end_campaign_alerts(p_campaign.org_id, p_campaign.id), watch_wallets(ARRAY[p_campaign.org_id]);
END $$;

-- end_campaign_alerts: what was wrong with it is over.
CREATE OR REPLACE FUNCTION end_campaign_alerts(p_org_id uuid, p_campaign_id uuid) RETURNS void
LANGUAGE sql AS $$
    UPDATE alerts a SET resolved_at = now()
     WHERE a.org_id = p_org_id AND a.campaign_id = p_campaign_id AND a.resolved_at IS NULL;
$$;

-- begin_at_time: its send_at has come. What cannot start then waits for somebody to start it, with an alert.
CREATE OR REPLACE FUNCTION begin_at_time(p_campaign campaigns) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_begun record;
BEGIN
    v_begun := begin_campaign(p_campaign);
    IF v_begun.why_not IS NULL THEN
        RETURN;
    END IF;
    UPDATE campaigns c SET state = 'draft', not_started_for = v_begun.why_not
     WHERE c.org_id = p_campaign.org_id AND c.id = p_campaign.id;
    INSERT INTO alerts (org_id, channel_id, campaign_id, kind, outcome, message, advice)
    VALUES (p_campaign.org_id, NULL, p_campaign.id, 'campaign_not_started', v_begun.why_not,
            format('Campaign %s was to start at %s', p_campaign.id, time_text(p_campaign.send_at)),
            CASE v_begun.why_not
                WHEN 'insufficient_balance' THEN format('The wallet has %s of %s: recharge %s, and start the campaign',
                    money_text(v_begun.balance), money_text(v_begun.cost), money_text(v_begun.cost - v_begun.balance))
                ELSE 'Once that is mended, start the campaign or cancel it' END);
END $$;

-- end_campaign: what of it has not become a message does no more, and its fees are released. The caller holds the
-- wallet and the campaign.
CREATE OR REPLACE FUNCTION end_campaign(p_campaign campaigns, p_state text, p_reason text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_left bigint := p_campaign.recipients
                     - coalesce((SELECT l.passed FROM last_piece(p_campaign.org_id, p_campaign.id) l), 0);
BEGIN
    IF p_campaign.fee * v_left > 0 THEN
        PERFORM book_for_campaign(p_campaign.org_id, p_campaign.id, '{release}', ARRAY[p_campaign.fee * v_left],
                                  ARRAY[NULL::uuid], ARRAY[p_state || ': campaign ' || p_campaign.id]);
    END IF;
    UPDATE campaigns c SET state = p_state, ended_for = p_reason, ended_at = clock_timestamp(), clear_at = clock_timestamp()
     WHERE c.org_id = p_campaign.org_id AND c.id = p_campaign.id;
    PERFORM end_campaign_alerts(p_campaign.org_id, p_campaign.id);
END $$;

-- end_campaigns_restored: of a database that was restored from a backup: who knows which of their recipients have got
-- their messages since.
CREATE OR REPLACE FUNCTION end_campaigns_restored() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_campaign campaigns;
BEGIN
    PERFORM lock_wallets(array_agg(c.org_id)) FROM campaigns c
      WHERE c.state IN ('draft', 'scheduled', 'running', 'paused');
    FOR v_campaign IN SELECT * FROM campaigns c WHERE c.state IN ('draft', 'scheduled', 'running', 'paused')
                       ORDER BY c.org_id, c.id FOR NO KEY UPDATE LOOP
        PERFORM end_campaign(v_campaign, 'cancelled', 'restored');
    END LOOP;
END $$;

-- erase_recipients: who of campaigns has one of these names is a recipient no more. Returns how many were.
CREATE OR REPLACE FUNCTION erase_recipients(p_org_id uuid, p_names text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_count bigint;
BEGIN
    UPDATE campaign_recipients r
       SET refused_for = 'erased', name = NULL, phone = NULL, user_id = NULL, fills = NULL
     WHERE r.org_id = p_org_id
       AND r.campaign_id = ANY (ARRAY(SELECT c.id FROM campaigns c WHERE c.org_id = p_org_id))
       AND r.name = ANY (ARRAY(SELECT ltrim(u.name, '+') FROM unnest(p_names) AS u (name)));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
