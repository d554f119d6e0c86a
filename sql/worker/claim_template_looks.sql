-- claim_template_looks: up to p_limit accounts whose templates are to be looked at now, longest due first, for who asks Meta
-- under this id, with the channel whose token is shown: the org's default, or the first of the account. As
-- claim_channel_looks in all else; an account in which another org has a number is put off, too.
CREATE OR REPLACE FUNCTION claim_template_looks(p_look_id uuid, p_limit bigint, p_least_s bigint, p_lease_s bigint,
                                                p_interval_s bigint)
RETURNS TABLE (org_id uuid, waba_id text, channel_id uuid, access_token text)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT a.org_id, a.waba_id FROM template_accounts a
         WHERE a.due_at <= clock_timestamp()
           AND coalesce(a.asked_at <= clock_timestamp() - p_least_s * interval '1 second', true)
         ORDER BY a.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), asked AS (
        SELECT d.org_id, d.waba_id, c.id, c.access_token
          FROM due d JOIN organizations o ON o.id = d.org_id
          LEFT JOIN LATERAL (
               SELECT h.id, h.access_token FROM channels h
                WHERE h.waba_id = d.waba_id AND h.org_id = d.org_id AND h.status <> 'disabled' AND h.org_active
                  AND NOT EXISTS (SELECT FROM channels s WHERE s.waba_id = d.waba_id AND s.org_id <> d.org_id
                                                           AND s.status <> 'disabled')
                ORDER BY (h.id = o.default_channel_id) IS TRUE DESC, h.created_at, h.id LIMIT 1) c ON true
    ), taken AS (
        UPDATE template_accounts a
           SET look_id = CASE WHEN k.id IS NOT NULL THEN p_look_id END,
               asked_at = CASE WHEN k.id IS NOT NULL THEN clock_timestamp() ELSE a.asked_at END,
               due_at = clock_timestamp()
                        + CASE WHEN k.id IS NOT NULL THEN p_lease_s ELSE p_interval_s END * interval '1 second'
          FROM asked k WHERE a.org_id = k.org_id AND a.waba_id = k.waba_id
    )
    SELECT a.org_id, a.waba_id, a.id, a.access_token FROM asked a WHERE a.id IS NOT NULL;
$$;
