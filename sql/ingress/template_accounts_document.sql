-- template_accounts_document: of each of the org's accounts, or of one (null: of all), when Meta last told all of its
-- templates, and why it did not the last time. With the caller's rights, after read_for.
CREATE OR REPLACE FUNCTION template_accounts_document(p_org_id uuid, p_waba_id text) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT coalesce(json_agg(row_to_json(d) ORDER BY d.waba_id), '[]')
      FROM (SELECT a.waba_id, time_text(a.looked_at) AS looked_at,
                   CASE WHEN a.error_code IS NOT NULL
                        THEN json_build_object('code', a.error_code, 'message', a.error_message,
                                               'at', time_text(a.failed_at)) END AS error
              FROM template_accounts a
             WHERE a.org_id = p_org_id AND (p_waba_id IS NULL OR a.waba_id = p_waba_id)) d;
$$;
