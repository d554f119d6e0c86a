-- refund_sends: gives the fees of these messages back and says so in the ledger. The caller has locked the
-- wallets (in org order), knows that none of them has been refunded, and keeps the message's own record. Reasons:
-- one for each, or one for all.
CREATE OR REPLACE FUNCTION refund_sends(p_org_ids uuid[], p_message_ids uuid[], p_reasons text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM book(p_org_ids, '{refund}',
                 ARRAY(SELECT m.fee FROM unnest(p_org_ids, p_message_ids) WITH ORDINALITY AS i (org_id, id, n)
                         LEFT JOIN messages m ON m.id = ANY (ARRAY[i.id]) AND m.org_id = i.org_id ORDER BY i.n),
                 p_message_ids, ARRAY(SELECT 'refund: ' || r FROM unnest(p_reasons) WITH ORDINALITY AS i (r, n)
                                       ORDER BY i.n));
END $$;

-- move_fees: gives the fees of these messages back, takes them again where the balance carries it, or both, one
-- message after the other. Returns the messages whose fee was taken again.
CREATE OR REPLACE FUNCTION move_fees(p_org_ids uuid[], p_message_ids uuid[], p_refunds boolean[],
                                     p_again boolean[])
RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    v_taken uuid[];
BEGIN
    PERFORM lock_wallets(array_agg(i.org_id))
       FROM unnest(p_org_ids, p_refunds, p_again) AS i (org_id, refund, again) WHERE i.refund OR i.again;
    WITH move AS (
        SELECT m.org_id, m.id, k.kind, k.amount, row_number() OVER (ORDER BY i.n, k.kind) AS at,
               (SELECT w.balance FROM wallets w WHERE w.org_id = m.org_id) AS balance
          FROM unnest(p_org_ids, p_message_ids, p_refunds, p_again) WITH ORDINALITY
               AS i (org_id, message_id, refund, again, n)
          JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
         CROSS JOIN LATERAL (VALUES ('refund', m.fee, i.refund), ('refund_reversal', -m.fee, i.again))
               AS k (kind, amount, wanted)
         WHERE k.wanted
    ), spent AS (
        SELECT *, spend(balance, -amount) OVER (PARTITION BY org_id ORDER BY at) AS balance_after FROM move
    ), carried AS MATERIALIZED (
        SELECT * FROM (
               SELECT *, amount > 0 OR lag(balance_after, 1, balance) OVER (PARTITION BY org_id ORDER BY at)
                                       >= -amount AS yes FROM spent) s
         WHERE s.yes
    ), booked AS (
        SELECT book(array_agg(c.org_id ORDER BY c.at), array_agg(c.kind ORDER BY c.at),
                    array_agg(c.amount ORDER BY c.at), array_agg(c.id ORDER BY c.at),
                    array_agg(CASE c.kind WHEN 'refund' THEN 'refund: failed after it was sent'
                                          ELSE 'delivered after its refund' END ORDER BY c.at))
          FROM carried c
    )
    SELECT array_agg(c.id) FILTER (WHERE c.kind = 'refund_reversal') INTO v_taken FROM booked, carried c;
    IF v_taken IS NOT NULL THEN
        PERFORM tell_of_reversals(p_org_ids, v_taken);
    END IF;
    RETURN coalesce(v_taken, '{}');
END $$;
