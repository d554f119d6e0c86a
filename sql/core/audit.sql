-- The parts of audit_ledger (operator/audit_ledger.sql), each of which returns its violations: all but audit_orgs,
-- for I7, which core/tenancy.sql makes, and for I14 audit_usage (core/usage.sql) and
-- audit_media (core/media.sql).

-- Does the ledger say that the message's fee was given back, and not taken again?
CREATE OR REPLACE FUNCTION is_refunded(p_org_id uuid, p_message_id uuid) RETURNS boolean
LANGUAGE sql STABLE
RETURN (SELECT count(*) FILTER (WHERE t.kind = 'refund')
               > count(*) FILTER (WHERE t.kind = 'refund_reversal')
          FROM wallet_transactions t
         WHERE t.org_id = p_org_id AND t.message_id = p_message_id AND t.kind IN ('refund', 'refund_reversal'));

-- audit_money: the ledger: I1 and I2.
CREATE OR REPLACE FUNCTION audit_money()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    -- I1: every ledger row continues from the one before, so that the newest, which is the balance, is the sum
    -- of all; none is missing, and none is below zero.
    SELECT 'I1', t.org_id, t.message_id,
           format('ledger row %s: balance_after is %s, ', t.n, t.balance_after)
           || CASE WHEN t.balance_after = t.continued THEN 'below zero' ELSE 'should be ' || t.continued END
      FROM (SELECT x.org_id, x.n, x.message_id, x.balance_after,
                   x.amount + lag(x.balance_after, 1, 0.0000) OVER (PARTITION BY x.org_id ORDER BY x.n) AS continued
              FROM wallet_transactions x) t
     WHERE t.balance_after <> t.continued OR t.balance_after < 0
    UNION ALL
    SELECT 'I1', t.org_id, NULL::uuid, format('%s ledger rows, and the newest is number %s', count(*), max(t.n))
      FROM wallet_transactions t
     GROUP BY t.org_id HAVING count(*) <> max(t.n) OR min(t.n) <> 1
    UNION ALL
    -- What a kind adds, and what it takes.
    SELECT 'I1', t.org_id, t.message_id, format('ledger row %s: a %s of %s', t.n, t.kind, t.amount)
      FROM wallet_transactions t
     WHERE t.kind <> 'adjustment' AND (t.amount > 0) <> (t.kind IN ('recharge', 'refund', 'release'))
    UNION ALL
    -- I2: at most one ledger row of each kind, each of the message's own fee,
    SELECT 'I2', t.org_id, t.message_id, format('%s rows of kind %s', count(*), t.kind)
      FROM wallet_transactions t WHERE t.message_id IS NOT NULL
     GROUP BY t.org_id, t.message_id, t.kind HAVING count(*) > 1
    UNION ALL
    SELECT 'I2', t.org_id, t.message_id,
           format('%s of %s for a fee of %s', t.kind, t.amount, m.fee)
      FROM wallet_transactions t
      JOIN messages m ON m.id = t.message_id AND m.org_id = t.org_id
     WHERE t.amount <> CASE t.kind WHEN 'refund' THEN m.fee ELSE -m.fee END
    UNION ALL
    -- a refund taken back only where there was one,
    SELECT 'I2', t.org_id, t.message_id, 'refund_reversal without a refund'
      FROM wallet_transactions t
     WHERE t.kind = 'refund_reversal' AND NOT EXISTS (
           SELECT FROM wallet_transactions r
            WHERE r.message_id = t.message_id AND r.org_id = t.org_id AND r.kind = 'refund')
    UNION ALL
    -- and no paid message without its fee.
    SELECT 'I2', m.org_id, m.id, format('no service_fee row for a fee of %s', m.fee)
      FROM messages m
     WHERE m.fee > 0 AND NOT EXISTS (
           SELECT FROM wallet_transactions t
            WHERE t.message_id = m.id AND t.org_id = m.org_id AND t.kind = 'service_fee');
$$;

-- audit_refunds: what was given back: I4.
CREATE OR REPLACE FUNCTION audit_refunds()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    -- I4: refunded, and not taken back, if and only if the message failed and its rule says so, or was
    -- delivered after that and the balance did not carry the fee again. A failure that is older than the
    -- rule was judged by another one.
    SELECT 'I4', m.org_id, m.id,
           format('status %s, error %s: %s', m.status, m.error_code,
                  CASE WHEN f.refunded THEN 'refunded, and should not be'
                       ELSE 'not refunded, and should be' END)
      FROM messages m
      CROSS JOIN LATERAL (SELECT is_refunded(m.org_id, m.id) AS refunded) f
      LEFT JOIN LATERAL error_rule_of(CASE m.status WHEN 'failed' THEN coalesce(m.error_code, 'default') END,
                                      m.error_subcode, m.error_message) r ON true
     WHERE m.direction = 'outbound' AND m.fee > 0
       AND f.refunded <> (m.refund_waived OR coalesce(
                              m.status = 'failed' AND is_refundable(r, m.error_transient), false))
       AND (m.failed_at IS NULL OR r.outcome IS NULL OR m.failed_at >= r.updated_at)
    UNION ALL
    SELECT 'I4', m.org_id, m.id, 'the message''s refunded flag and the ledger disagree'
      FROM messages m
     WHERE m.refunded <> is_refunded(m.org_id, m.id);
$$;

-- audit_ends: what is on its way to an end: I3.
CREATE OR REPLACE FUNCTION audit_ends()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    -- I3: what has no end yet is on its way there: it stands in the outbox,
    SELECT 'I3', m.org_id, m.id, 'queued, and not in the outbox'
      FROM messages m
     WHERE m.direction = 'outbound' AND m.status = 'queued'
       AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id AND o.org_id = m.org_id)
    UNION ALL
    SELECT 'I3', o.org_id, o.message_id, format('%s, and still in the outbox', m.status)
      FROM outbox o JOIN messages m ON m.id = o.message_id AND m.org_id = o.org_id
     WHERE m.status <> 'queued'
    UNION ALL
    -- waits for a message that is there,
    SELECT 'I3', o.org_id, o.message_id, 'held, and nobody stands ahead of it'
      FROM outbox o
     WHERE o.state = 'held' AND NOT EXISTS (
           SELECT FROM outbox a
            WHERE a.channel_id = o.channel_id AND a.contact_id = o.contact_id AND a.org_id = o.org_id
              AND a.seq < o.seq)
    UNION ALL
    -- or for the janitor, which is never so late as this,
    SELECT 'I3', o.org_id, o.message_id,
           format('%s since %s', o.state, coalesce(o.claimed_at, o.look_at))
      FROM outbox o
     WHERE o.state = 'sending' AND o.claimed_at < now() - interval '15 minutes'
        OR o.state IN ('scheduled', 'held') AND o.look_at < now() - interval '15 minutes'
    UNION ALL
    -- and when nobody knows, the time since when is known.
    SELECT 'I3', m.org_id, m.id, format('status %s, unconfirmed since %s', m.status, m.unconfirmed_at)
      FROM messages m
     WHERE (m.status = 'unconfirmed') <> (m.unconfirmed_at IS NOT NULL);
$$;

-- audit_campaigns: what is reserved for campaigns: I1, I2.
CREATE OR REPLACE FUNCTION audit_campaigns()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    -- I1: as much as the recipients cost that have not become messages yet, and nothing once it has ended.
    SELECT 'I1', c.org_id, NULL::uuid,
           format('campaign %s (%s): %s is reserved, should be %s', c.id, c.state, b.reserved, s.should)
      FROM campaigns c
     CROSS JOIN LATERAL (SELECT coalesce(-sum(t.amount), 0) AS reserved
                           FROM campaign_bookings k
                           JOIN wallet_transactions t ON t.org_id = k.org_id AND t.n = k.n
                          WHERE k.org_id = c.org_id AND k.campaign_id = c.id) b
     CROSS JOIN LATERAL (SELECT CASE WHEN c.state IN ('running', 'paused') THEN c.fee * (c.recipients - coalesce((
                                    SELECT max(p.passed) FROM campaign_pieces p
                                     WHERE p.org_id = c.org_id AND p.campaign_id = c.id), 0)) ELSE 0 END AS should) s
     WHERE b.reserved <> s.should
    UNION ALL
    SELECT 'I1', t.org_id, NULL::uuid, format('ledger row %s: a %s of no campaign', t.n, t.kind)
      FROM wallet_transactions t
     WHERE t.kind IN ('reservation', 'release') AND NOT EXISTS (
           SELECT FROM campaign_bookings k WHERE k.org_id = t.org_id AND k.n = t.n)
    UNION ALL
    -- I2: each of its messages was paid by what was reserved for one recipient.
    SELECT 'I2', c.org_id, NULL::uuid, format('campaign %s: %s messages, should be %s', c.id, m.n, m.should)
      FROM campaigns c
     CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM campaign_messages k
                                  WHERE k.org_id = c.org_id AND k.campaign_id = c.id) AS n,
                                coalesce((SELECT max(p.accepted) FROM campaign_pieces p
                                           WHERE p.org_id = c.org_id AND p.campaign_id = c.id), 0) AS should) m
     WHERE m.n <> m.should
    UNION ALL
    SELECT 'I2', m.org_id, m.id, format('a fee of %s, of a campaign that has reserved %s', m.fee, c.fee)
      FROM campaign_messages k
      JOIN campaigns c ON c.org_id = k.org_id AND c.id = k.campaign_id
      JOIN messages m ON m.org_id = k.org_id AND m.id = k.message_id
     WHERE m.fee IS DISTINCT FROM c.fee;
$$;

-- audit_told: I11: that all events are found in their order, and what endpoints are told as Meta has posted it.
CREATE OR REPLACE FUNCTION audit_told()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE AS $$
    -- I11: each change that is kept is the org's own event's, and each of these events has what it tells.
    SELECT 'I11', x.org_id, NULL::uuid, format('what Meta has posted is kept for the event %s, which is not there', x.event_id)
      FROM event_changes x
     WHERE NOT EXISTS (SELECT FROM events e WHERE e.org_id = x.org_id AND e.id = x.event_id)
    UNION ALL
    SELECT 'I11', e.org_id, e.message_id, format('event %s (%s) has nothing that Meta has posted', e.id, e.type)
      FROM events e
     WHERE e.type LIKE 'meta.%'
       AND NOT EXISTS (SELECT FROM event_changes x WHERE x.org_id = e.org_id AND x.event_id = e.id)
    UNION ALL
    -- I11: nobody would be told of others.
    SELECT 'I11', e.org_id, e.message_id, format('event %s (%s) is not found by its transaction, %s', e.id, e.type, e.xact)
      FROM events e
     WHERE e.xact > '0' AND NOT EXISTS (SELECT FROM event_writes w WHERE w.xact = e.xact AND e.org_id = ANY (w.org_ids));
$$;
