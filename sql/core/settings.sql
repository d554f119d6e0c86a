-- settings_document: what an org may set by itself.
CREATE OR REPLACE FUNCTION settings_document(p_org organizations) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_org).default_country, (p_org).default_channel_id, (p_org).opt_out_words, (p_org).opt_in_words,
               (p_org).replies_per_minute_max, seconds_of((p_org).undelivered_after) AS undelivered_after_s,
               seconds_of((p_org).keep_bodies_for) AS keep_bodies_for_s, (p_org).outside_window,
               (p_org).time_zone, money_text((p_org).reply_meta_cost) AS reply_meta_cost,
               (p_org).keep_media, seconds_of((p_org).keep_media_for) AS keep_media_for_s, (p_org).keep_media_types,
               (p_org).keep_media_max_bytes, (p_org).media_quota_bytes,
               media_bytes((p_org).id) AS media_bytes,
               (SELECT money_text(w.wallet_low_at) FROM event_wishes w WHERE w.org_id = (p_org).id) AS wallet_low_at,
               (p_org).template_check) d;
$$;

-- set_wallet_low: below which balance an org is told that its wallet is low; NULL: never. If it is already, now.
CREATE OR REPLACE FUNCTION set_wallet_low(p_org_id uuid, p_low_at numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_low_at <= 0 THEN
        PERFORM refuse('invalid_field', 'wallet_low_at', 'wallet_low_at must be above zero, or null');
    END IF;
    PERFORM lock_wallets(ARRAY[p_org_id]);
    INSERT INTO event_wishes AS w (org_id, wallet_low_at) VALUES (p_org_id, p_low_at)
    ON CONFLICT (org_id) DO UPDATE SET wallet_low_at = excluded.wallet_low_at, low_told_at = NULL;
    PERFORM watch_wallets(ARRAY[p_org_id]);
END $$;
