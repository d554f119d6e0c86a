-- change_settings: changes what the org may set by itself; the rest is the operators' (admin/admin_change_org.sql). What
-- fails as undelivered is refunded: so an org may not have that sooner than delivery usually takes.
CREATE OR REPLACE FUNCTION change_settings(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    IF (p_body ->> 'undelivered_after_s')::bigint < 3600 THEN
        PERFORM refuse('invalid_field', 'undelivered_after_s', 'undelivered_after_s must be at least 3600, or null');
    END IF;
    IF p_body::jsonb ? 'wallet_low_at' THEN
        PERFORM set_wallet_low(p_org_id, (p_body ->> 'wallet_low_at')::numeric);
    END IF;
    RETURN settings_document(set_org(p_org_id, p_body::jsonb - '{name,currency,wallet_low_at}'::text[]));
END $$;
