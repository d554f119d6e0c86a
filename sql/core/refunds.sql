-- refund_sends: gives the fees of these messages back and says so in the ledger. The caller has locked the
-- wallets (in org order), knows that none of them has been refunded, and keeps the message's own record.
CREATE OR REPLACE FUNCTION refund_sends(p_org_ids uuid[], p_message_ids uuid[], p_reasons text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    WITH refund AS MATERIALIZED (
        SELECT m.org_id, m.id AS message_id, m.fee, i.n, i.reason,
               w.balance + sum(m.fee) OVER (PARTITION BY m.org_id ORDER BY i.n) AS balance_after
          FROM unnest(p_org_ids, p_message_ids, p_reasons) WITH ORDINALITY
               AS i (org_id, message_id, reason, n)
          JOIN messages m ON m.id = i.message_id AND m.org_id = i.org_id
          JOIN wallets w ON w.org_id = m.org_id
         WHERE m.fee > 0
    ), booked AS (
        INSERT INTO wallet_transactions (org_id, kind, amount, balance_after, message_id, description)
        SELECT org_id, 'refund', fee, balance_after, message_id, 'refund: ' || reason
          FROM refund ORDER BY n
    )
    UPDATE wallets w SET balance = last.balance_after, booked = last.balance_after
      FROM (SELECT DISTINCT ON (org_id) org_id, balance_after FROM refund
             ORDER BY org_id, n DESC) last
     WHERE w.org_id = last.org_id;
END $$;

-- Locks the wallets of these orgs, in the order in which everybody does.
CREATE OR REPLACE FUNCTION lock_wallets(p_org_ids uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM wallets w WHERE w.org_id = ANY (p_org_ids) ORDER BY w.org_id FOR NO KEY UPDATE;
END $$;
