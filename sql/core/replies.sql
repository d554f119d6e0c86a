-- The phases of accept_replies, in the order in which it calls them.

-- reply_limits: what is left at p_at of a rule's limits for a contact (null: nobody whom the org knows) over this
-- channel, and what a reply costs.
CREATE OR REPLACE FUNCTION reply_limits(p_org_id uuid, p_rule_id uuid, p_channel_id uuid, p_contact_id bigint,
                                        p_at timestamptz)
RETURNS TABLE (left_today bigint, left_this_minute bigint, cools_down boolean, is_cooling boolean, cost numeric,
               left_to_spend numeric, meta_cost numeric)
LANGUAGE sql STABLE AS $$
    SELECT r.daily_cap - coalesce(d.replies, 0),
           o.replies_per_minute_max - (
               SELECT count(*) FROM auto_replies a
                WHERE a.org_id = o.id AND a.contact_id = p_contact_id AND a.reply_id IS NOT NULL
                  AND a.created_at > p_at - interval '1 minute'),
           r.cooldown_s > 0,
           r.cooldown_s > 0 AND EXISTS (
               SELECT FROM auto_replies a
                WHERE a.org_id = o.id AND a.contact_id = p_contact_id AND a.reply_id IS NOT NULL
                  AND a.rule_id = r.id AND a.created_at > p_at - r.cooldown_s * interval '1 second'),
           c.service_fee_per_msg + coalesce(r.meta_cost, o.reply_meta_cost),
           r.daily_spend_cap - coalesce(d.spent, 0), coalesce(r.meta_cost, o.reply_meta_cost)
      FROM organizations o
      LEFT JOIN channels c ON c.org_id = o.id AND c.id = p_channel_id
      LEFT JOIN automation_rules r ON r.org_id = o.id AND r.id = p_rule_id
      LEFT JOIN reply_days d ON d.org_id = r.org_id AND d.rule_id = r.id AND d.day = (p_at AT TIME ZONE o.time_zone)::date
     WHERE o.id = p_org_id;
$$;

-- find_replies: each with its message, its rule, and what is left of their limits. Of two replies to one message
-- the first counts. p_versions: of the rules, as they were tried; null: as they are.
CREATE OR REPLACE FUNCTION find_replies(p_org_ids uuid[], p_message_ids uuid[], p_rule_ids uuid[],
                                        p_reply_ids uuid[], p_types text[], p_payloads text[], p_skips text[],
                                        p_versions bigint[] DEFAULT NULL)
RETURNS SETOF reply_item LANGUAGE sql STABLE AS $$
    SELECT i.n, i.org_id, i.message_id, m.channel_id, c.id, c.phone,
           CASE WHEN c.phone IS NULL THEN c.user_id END, r.id, i.reply_id, i.type, i.payload,
           CASE WHEN row_number() OVER (PARTITION BY i.org_id, i.message_id ORDER BY i.n) > 1
                     OR EXISTS (SELECT FROM auto_replies a
                                 WHERE a.org_id = i.org_id AND a.message_id = i.message_id) THEN 'answered'
                WHEN i.payload IS NULL THEN i.skip
                WHEN r.id IS NULL THEN 'rule_changed' END,
           l.left_today, l.left_this_minute, l.cools_down, l.is_cooling,
           CASE WHEN r.id IS NOT NULL THEN coalesce(i.version::integer, r.version) END, l.cost, l.left_to_spend
      FROM unnest(p_org_ids, p_message_ids, p_rule_ids, p_reply_ids, p_types, p_payloads, p_skips, p_versions)
           WITH ORDINALITY AS i (org_id, message_id, rule_id, reply_id, type, payload, skip, version, n)
      LEFT JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
      LEFT JOIN contacts w ON w.org_id = m.org_id AND w.id = m.contact_id
      LEFT JOIN contacts c ON c.org_id = w.org_id AND c.id = coalesce(w.merged_into, w.id)
      LEFT JOIN automation_rules r ON r.org_id = i.org_id AND r.id = i.rule_id AND r.active
      LEFT JOIN LATERAL reply_limits(i.org_id, r.id, m.channel_id, c.id, now()) l ON true
     ORDER BY i.n;
$$;

-- judge_replies: why each is skipped, in order; NULL: it is not. What is not skipped counts for the limits of those
-- behind it. So all are judged again until nothing changes: the first is right after the first time, the next after
-- the second at the latest, and so on. Mostly no limit is met, and once is enough.
CREATE OR REPLACE FUNCTION judge_replies(p_items reply_item[]) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    v_skips  text[];
    v_judged text[] := ARRAY(SELECT i.skip FROM unnest(p_items) i);
BEGIN
    WHILE v_skips IS DISTINCT FROM v_judged LOOP
        v_skips := v_judged;
        SELECT array_agg(CASE WHEN i.skip IS NOT NULL THEN i.skip
                              WHEN i.by_rule >= i.left_today THEN 'daily_cap'
                              WHEN i.spent + i.cost > i.left_to_spend THEN 'daily_spend_cap'
                              WHEN i.is_cooling OR i.cools_down AND i.by_both > 0 THEN 'cooldown'
                              WHEN i.by_contact >= i.left_this_minute THEN 'loop_guard' END ORDER BY i.n)
          INTO v_judged
          FROM (SELECT u.*,
                       sum(u.counts) OVER (PARTITION BY u.org_id, u.rule_id ORDER BY u.n) - u.counts AS by_rule,
                       sum(u.counts * u.cost) OVER (PARTITION BY u.org_id, u.rule_id ORDER BY u.n) - u.counts * u.cost
                       AS spent,
                       sum(u.counts) OVER (PARTITION BY u.org_id, u.contact_id ORDER BY u.n) - u.counts
                       AS by_contact,
                       sum(u.counts) OVER (PARTITION BY u.org_id, u.rule_id, u.contact_id ORDER BY u.n) - u.counts
                       AS by_both
                  FROM (SELECT s.*, (v_skips[s.n] IS NULL)::integer AS counts FROM unnest(p_items) s) u) i;
    END LOOP;
    RETURN v_skips;
END $$;

-- send_replies: accepts those that are not skipped. Returns what became of each, in order: a verdict of
-- accept_sends or why it is skipped, and the status of what is accepted.
CREATE OR REPLACE FUNCTION send_replies(p_items reply_item[], p_skips text[], OUT verdicts text[],
                                        OUT statuses text[])
LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(coalesce(i.skip, a.verdict) ORDER BY i.n), array_agg(a.status ORDER BY i.n)
      INTO verdicts, statuses
      FROM unnest(p_skips) WITH ORDINALITY AS i (skip, n)
      LEFT JOIN (
           SELECT s.places[v.ordinality] AS n, v.verdict, v.status
             FROM (SELECT array_agg(u.n) AS places, array_agg(u.reply_id) AS ids, array_agg(u.org_id) AS orgs,
                          array_agg(u.channel_id) AS channels, array_agg(u.phone) AS phones,
                          array_agg(u.user_id) AS users, array_agg(u.type) AS types,
                          array_agg(u.payload) AS payloads
                     FROM unnest(p_items) u WHERE p_skips[u.n] IS NULL) s
            CROSS JOIN LATERAL accept_sends(
                  p_message_ids => s.ids, p_org_ids => s.orgs, p_channel_ids => s.channels, p_phones => s.phones,
                  p_user_ids => s.users, p_types => s.types, p_payloads => s.payloads) WITH ORDINALITY v
            WHERE s.places IS NOT NULL) a
        ON a.n = i.n;
END $$;

-- keep_replies: what became of each, in place of the message's reply, and how often a rule with a cap has replied.
CREATE OR REPLACE FUNCTION keep_replies(p_items reply_item[], p_verdicts text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO auto_replies (org_id, message_id, channel_id, contact_id, rule_id, rule_version, reply_id, reply_skipped)
    SELECT i.org_id, i.message_id, i.channel_id, i.contact_id, i.rule_id, coalesce(i.rule_version, 1),
           CASE v.verdict WHEN 'accepted' THEN i.reply_id END, nullif(v.verdict, 'accepted')
      FROM unnest(p_items) i CROSS JOIN LATERAL (SELECT p_verdicts[i.n] AS verdict) v
     WHERE v.verdict <> 'answered';
    INSERT INTO reply_days AS d (org_id, rule_id, day, replies, spent)
    SELECT i.org_id, i.rule_id, (now() AT TIME ZONE o.time_zone)::date, count(*), sum(i.cost)
      FROM unnest(p_items) i JOIN organizations o ON o.id = i.org_id
     WHERE p_verdicts[i.n] = 'accepted' AND (i.left_today IS NOT NULL OR i.left_to_spend IS NOT NULL)
     GROUP BY i.org_id, i.rule_id, o.time_zone
    ON CONFLICT (org_id, rule_id, day) DO UPDATE SET replies = d.replies + excluded.replies,
                                                     spent = d.spent + excluded.spent;
END $$;

-- alert_refused_replies: tells orgs of rules whose replies, these messages, Meta has refused for what they are: once
-- until the rule is written anew. A rule that somebody just changes, and an alert that somebody just resolves, are not
-- waited for.
CREATE OR REPLACE FUNCTION alert_refused_replies(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alerts (org_id, rule_id, kind, outcome, message)
    SELECT r.org_id, r.id, 'reply_refused', m.error_code, m.error_message
      FROM unnest(p_org_ids, p_message_ids) AS i (org_id, message_id)
      JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
      JOIN contacts c ON c.org_id = m.org_id AND c.id = ANY (ARRAY[m.contact_id])
      JOIN auto_replies a ON a.org_id = m.org_id AND a.contact_id = ANY (ARRAY[coalesce(c.merged_into, c.id)])
                         AND a.created_at = m.created_at AND a.reply_id = m.id -- of one transaction, of one time
      JOIN automation_rules r ON r.org_id = a.org_id AND r.id = ANY (ARRAY[a.rule_id])
                             AND r.active AND coalesce(r.written_at <= m.created_at, true)
     WHERE m.status = 'failed' AND NOT EXISTS (
           SELECT FROM alerts t WHERE t.org_id = r.org_id AND t.rule_id = r.id AND t.kind = 'reply_refused'
                                  AND t.resolved_at IS NULL)
     ORDER BY r.org_id, r.id, i.message_id
       FOR SHARE OF r SKIP LOCKED
    ON CONFLICT DO NOTHING;
END $$;

-- Does a failure of this class say that the message itself is wrong?
CREATE OR REPLACE FUNCTION is_of_content(p_error_class text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_error_class IN ('payload', 'template');
