-- get_cloud_result: what came of a message, as who sends by Meta's API is told it: what get_result says, and whom Meta has
-- sent it to, as far as that is known, and with which HTTP status Meta answers its error.
CREATE OR REPLACE FUNCTION get_cloud_result(p_org_id uuid, p_message_id uuid)
RETURNS TABLE (message_id uuid, status text, refunded boolean, wamid text, error_code text, error_message text,
               error_subcode bigint, http_status bigint, phone text, user_id text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    SELECT r.message_id, r.status, r.refunded, r.wamid, r.error_code, r.error_message, m.error_subcode,
           CASE WHEN r.error_code IS NOT NULL
                THEN meta_status(r.error_code, m.error_subcode, r.error_message) END,
           c.phone, c.user_id
      FROM get_result(p_org_id, p_message_id) r
      JOIN messages m ON m.org_id = p_org_id AND m.id = r.message_id
      LEFT JOIN contacts w ON w.org_id = m.org_id AND w.id = m.contact_id
      LEFT JOIN contacts c ON c.org_id = w.org_id AND c.id = coalesce(w.merged_into, w.id);
END $$;
