-- opt_contact_in: a contact wants bulk messages again, as somebody of the org says: over one channel (channel_id), or any of the
-- org's. why is kept with it.
CREATE OR REPLACE FUNCTION opt_contact_in(p_actor text, p_org_id uuid, p_n bigint, p_body json) RETURNS json
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp
RETURN record_wish(p_actor, p_org_id, p_n, false, p_body);
