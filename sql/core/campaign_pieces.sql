-- Recipients of a campaign become messages, piece by piece: what pass_campaign (worker/pass_campaign.sql) is made of.
--
-- A piece has what leaves in a second at the most, so that what waits in the outbox is little: pausing and cancelling
-- have hardly anything to do, and others who send over the same number wait no longer than that.

-- campaign_mps: how many messages a second the campaign may have now: bulk's part of what its channel takes, or fewer.
CREATE OR REPLACE FUNCTION campaign_mps(p_max_mps integer, p_channel_mps integer, p_share double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE
RETURN least(p_max_mps, 0.75 * p_channel_mps * p_share)::float8;

-- next_piece: how many come next (p_most at the most), and when the ones after them may. What was missed is made up
-- for by a second's worth.
CREATE OR REPLACE FUNCTION next_piece(p_campaign campaigns, p_last campaign_pieces, p_most bigint,
                                      OUT size bigint, OUT next_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_mps double precision := (
        SELECT campaign_mps(p_campaign.max_mps, h.max_mps, current_share(p.share, p.slowed_at))
          FROM channels h CROSS JOIN LATERAL pace_of(h.org_id, h.id) p
         WHERE h.org_id = p_campaign.org_id AND h.id = p_campaign.channel_id);
BEGIN
    size := greatest(1, least(p_most, floor(v_mps)::bigint));
    next_at := greatest(p_last.next_at, v_now - interval '1 second') + in_seconds(size / v_mps);
    IF p_last.next_at IS NULL OR p_last.next_at > v_now + interval '1 hour' THEN -- the clock was set back
        next_at := v_now + in_seconds(size / v_mps);
    END IF;
END $$;

-- campaign_payload: what Meta gets.
CREATE OR REPLACE FUNCTION campaign_payload(p_parts text[], p_message_id uuid, p_phone text, p_user_id text, p_fills json)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT '{"messaging_product":"whatsapp","recipient_type":"individual",'
           || CASE WHEN p_phone IS NOT NULL THEN '"to":' || to_json('+' || p_phone)
                   ELSE '"recipient":' || to_json(p_user_id) END
           || ',"biz_opaque_callback_data":"' || p_message_id || '",'
           || string_agg(s.part || coalesce(left(substr(to_json(s.fill)::text, 2), -1), ''), '' ORDER BY s.n)
      FROM ROWS FROM (unnest(p_parts), json_array_elements_text(p_fills)) WITH ORDINALITY AS s (part, fill, n);
$$;

-- take_recipients: the next ones behind the last piece, as arrays; those that were erased meanwhile are only counted.
CREATE OR REPLACE FUNCTION take_recipients(p_campaign campaigns, p_last campaign_pieces, p_size bigint, p_message_ids uuid[],
                                           OUT ns bigint[], OUT ids uuid[], OUT phones text[], OUT user_ids text[],
                                           OUT payloads text[], OUT taken bigint, OUT until bigint)
LANGUAGE sql STABLE AS $$
    SELECT array_agg(r.n ORDER BY r.n) FILTER (WHERE r.goes), array_agg(r.message_id ORDER BY r.n) FILTER (WHERE r.goes),
           array_agg(r.phone ORDER BY r.n) FILTER (WHERE r.goes), array_agg(r.user_id ORDER BY r.n) FILTER (WHERE r.goes),
           array_agg(campaign_payload((p_campaign).parts, r.message_id, r.phone, r.user_id, r.fills) ORDER BY r.n)
               FILTER (WHERE r.goes),
           count(*), max(r.n)
      FROM (SELECT l.*, l.refused_for IS NULL AS goes, p_message_ids[row_number() OVER (ORDER BY l.n)] AS message_id
              FROM (SELECT * FROM campaign_recipients c
                     WHERE c.org_id = (p_campaign).org_id AND c.campaign_id = (p_campaign).id
                       AND c.n > coalesce((p_last).until, 0) ORDER BY c.n LIMIT p_size) l) r;
$$;

-- judge_recipients: each as the send that it is. Its fee is what was reserved, whatever the channel takes by now; and it
-- is in the wallet as soon as it is released.
CREATE OR REPLACE FUNCTION judge_recipients(p_campaign campaigns, p_ids uuid[], p_phones text[], p_user_ids text[],
                                            p_payloads text[])
RETURNS send_item[] LANGUAGE plpgsql AS $$
DECLARE
    v_orgs     CONSTANT uuid[] := array_fill(p_campaign.org_id, ARRAY[cardinality(p_ids)]);
    v_channels CONSTANT uuid[] := array_fill(p_campaign.channel_id, ARRAY[cardinality(p_ids)]);
    v_bulk     CONSTANT text[] := array_fill('bulk'::text, ARRAY[cardinality(p_ids)]);
    v_none     CONSTANT text[] := array_fill(NULL::text, ARRAY[cardinality(p_ids)]);
    v_end      CONSTANT bigint := floor(1000 * extract(epoch FROM p_campaign.not_after));
BEGIN
    RETURN (
        SELECT array_agg(ROW(i.n, i.message_id, i.org_id, i.channel_id, i.phone, i.user_id, i.type, i.priority, i.key,
                             i.body_hash, i.send_at, i.expires_at, p_campaign.fee, i.balance_after, i.contact_id,
                             i.line_end, CASE i.verdict WHEN 'insufficient_balance' THEN 'accepted' ELSE i.verdict END,
                             i.answer_id, i.is_outside, i.template_fault)::send_item ORDER BY i.n)
          FROM judge_sends(clock_timestamp(), p_ids, v_orgs, v_channels, p_phones, p_user_ids,
                           array_fill(p_campaign.type, ARRAY[cardinality(p_ids)]), v_bulk, NULL,
                           array_fill(v_end, ARRAY[cardinality(p_ids)]), v_none, NULL, v_none, NULL,
                           find_opt_outs(v_orgs, v_channels, v_none, p_phones, p_user_ids, v_bulk), p_payloads) i);
END $$;

-- keep_piece: who of these has become a message, and who is refused.
CREATE OR REPLACE FUNCTION keep_piece(p_campaign campaigns, p_ns bigint[], p_items send_item[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_gone    CONSTANT bigint[] := ARRAY(SELECT p_ns[i.n] FROM unnest(p_items) i WHERE i.verdict = 'accepted');
    v_refused bigint[]; -- and the codes of these
    v_codes   text[];
BEGIN
    SELECT array_agg(p_ns[i.n] ORDER BY i.n), array_agg(i.verdict ORDER BY i.n) INTO v_refused, v_codes
      FROM unnest(p_items) i WHERE i.verdict <> 'accepted';
    INSERT INTO campaign_messages (org_id, campaign_id, message_id, n)
    SELECT i.org_id, p_campaign.id, i.message_id, p_ns[i.n] FROM unnest(p_items) i WHERE i.verdict = 'accepted';
    DELETE FROM campaign_recipients r
     WHERE r.org_id = p_campaign.org_id AND r.campaign_id = p_campaign.id AND r.n = ANY (v_gone);
    UPDATE campaign_recipients r SET refused_for = v_codes[array_position(v_refused, r.n)], fills = NULL
     WHERE r.org_id = p_campaign.org_id AND r.campaign_id = p_campaign.id AND r.n = ANY (v_refused);
END $$;

-- pass_piece: the campaign's next piece. Returns the messages that need their jobs. The caller holds the wallet and the
-- campaign. What a moment ago has stopped its channel stops it, too: then nothing is done.
CREATE OR REPLACE FUNCTION pass_piece(p_campaign campaigns, p_message_ids uuid[]) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    v_last  campaign_pieces := last_piece(p_campaign.org_id, p_campaign.id);
    v_next  record := next_piece(p_campaign, v_last, cardinality(p_message_ids));
    v_taken record := take_recipients(p_campaign, v_last, v_next.size, p_message_ids);
    v_items send_item[] := '{}';
    v_seats seat[] := '{}';
    v_asked boolean := EXISTS (SELECT FROM event_wishes w -- as accept_sends
                                WHERE w.org_id = p_campaign.org_id AND asks_for(w.asks, 'accepted'));
BEGIN
    IF v_taken.ids IS NOT NULL THEN
        v_items := judge_recipients(p_campaign, v_taken.ids, v_taken.phones, v_taken.user_ids, v_taken.payloads);
        IF EXISTS (SELECT FROM unnest(v_items) i WHERE i.verdict IN ('org_suspended', 'no_channel', 'channel_paused')) THEN
            RETURN NULL;
        END IF;
        v_seats := seat_sends(v_items, clock_timestamp());
        PERFORM write_sends(v_items, v_seats, v_taken.payloads,
                            array_fill(p_campaign.callback_data, ARRAY[cardinality(v_items)]), v_asked);
        PERFORM keep_piece(p_campaign, v_taken.ns, v_items);
    END IF;
    PERFORM book_for_campaign(p_campaign.org_id, p_campaign.id,
        'release'::text || array_fill('service_fee'::text, ARRAY[cardinality(v_items)]),
        p_campaign.fee * v_taken.taken || ARRAY(SELECT CASE i.verdict WHEN 'accepted' THEN -i.fee END FROM unnest(v_items) i),
        NULL::uuid || v_taken.ids,
        ('passed on: campaign ' || p_campaign.id) || array_fill('WhatsApp message'::text, ARRAY[cardinality(v_items)]));
    INSERT INTO campaign_pieces (org_id, campaign_id, n, until, passed, accepted, next_at)
    SELECT p_campaign.org_id, p_campaign.id, coalesce(v_last.n, 0) + 1, v_taken.until, coalesce(v_last.passed, 0) + v_taken.taken,
           coalesce(v_last.accepted, 0) + (SELECT count(*) FROM unnest(v_items) i WHERE i.verdict = 'accepted'), v_next.next_at
     WHERE v_taken.taken > 0;
    IF coalesce(v_last.passed, 0) + v_taken.taken >= p_campaign.recipients THEN
        UPDATE campaigns c SET state = 'done', ended_at = clock_timestamp(), clear_at = clock_timestamp()
         WHERE c.org_id = p_campaign.org_id AND c.id = p_campaign.id;
    END IF;
    RETURN ARRAY(SELECT i.message_id FROM unnest(v_items, v_seats) i WHERE i.state = 'queued');
END $$;
