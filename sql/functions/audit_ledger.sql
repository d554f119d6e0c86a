-- Does the ledger say that the message's fee was given back, and not taken again?
CREATE OR REPLACE FUNCTION is_refunded(p_org_id uuid, p_message_id uuid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = public, pg_temp
RETURN (SELECT count(*) FILTER (WHERE t.kind = 'refund')
               > count(*) FILTER (WHERE t.kind = 'refund_reversal')
          FROM wallet_transactions t
         WHERE t.org_id = p_org_id AND t.message_id = p_message_id
           AND t.kind IN ('refund', 'refund_reversal'));

-- audit_ledger: every violation of I1, I2 and I4, one row each; nothing if all is well.
CREATE OR REPLACE FUNCTION audit_ledger()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$
    -- I1: the balance is the sum of the ledger, never below zero,
    SELECT 'I1', w.org_id, NULL::uuid,
           format('balance is %s, the ledger says %s', w.balance, coalesce(l.total, 0))
      FROM wallets w
      LEFT JOIN (SELECT t.org_id, sum(t.amount) AS total FROM wallet_transactions t
                  GROUP BY t.org_id) l ON l.org_id = w.org_id
     WHERE w.balance <> coalesce(l.total, 0) OR w.balance < 0
    UNION ALL
    SELECT 'I1', w.org_id, NULL, format('booked is %s, the balance is %s', w.booked, w.balance)
      FROM wallets w WHERE w.booked <> w.balance
    UNION ALL
    -- and every ledger row continues from the one before.
    SELECT 'I1', t.org_id, t.message_id,
           format('ledger row %s: balance_after is %s, should be %s', t.id, t.balance_after, t.running)
      FROM (SELECT x.org_id, x.id, x.message_id, x.balance_after,
                   sum(x.amount) OVER (PARTITION BY x.org_id ORDER BY x.id) AS running
              FROM wallet_transactions x) t
     WHERE t.balance_after <> t.running
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
            WHERE t.message_id = m.id AND t.org_id = m.org_id AND t.kind = 'service_fee')
    UNION ALL
    -- I4: refunded, and not taken back, if and only if the message failed and its rule says so, or was
    -- delivered after that and the balance did not carry the fee again. A failure that is older than the
    -- rule was judged by another one.
    SELECT 'I4', m.org_id, m.id,
           format('status %s, error %s: %s', m.status, m.error_code,
                  CASE WHEN f.refunded THEN 'refunded, and should not be'
                       ELSE 'not refunded, and should be' END)
      FROM messages m
      CROSS JOIN LATERAL (SELECT is_refunded(m.org_id, m.id) AS refunded) f
      CROSS JOIN LATERAL (SELECT find_error_rule(m.error_code) AS rule) r
     WHERE m.direction = 'outbound' AND m.fee > 0
       AND f.refunded <> (m.refund_waived OR coalesce(
                              m.status = 'failed' AND is_refundable(r.rule, m.error_transient), false))
       AND (m.failed_at IS NULL OR m.failed_at >= (r.rule).updated_at)
    UNION ALL
    SELECT 'I4', m.org_id, m.id, 'the message''s refunded flag and the ledger disagree'
      FROM messages m
     WHERE m.refunded <> is_refunded(m.org_id, m.id);
$$;
