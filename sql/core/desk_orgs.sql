-- Orgs, channels and keys as operators see and change them.

-- seconds_of: an interval as whole seconds.
CREATE OR REPLACE FUNCTION seconds_of(p_interval interval) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN extract(epoch FROM p_interval)::bigint;

-- texts_of: a list of texts.
CREATE OR REPLACE FUNCTION texts_of(p_list jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT e.text FROM jsonb_array_elements_text(p_list) WITH ORDINALITY AS e (text, n) ORDER BY e.n);

CREATE OR REPLACE FUNCTION org_document(p_org organizations) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_org).id, (p_org).name, (p_org).status, (p_org).currency,
               (SELECT money_text(w.balance) FROM wallets w WHERE w.org_id = (p_org).id) AS balance,
               (p_org).default_channel_id, (p_org).default_country, (p_org).opt_out_words, (p_org).opt_in_words,
               (p_org).replies_per_minute_max, seconds_of((p_org).undelivered_after) AS undelivered_after_s,
               seconds_of((p_org).keep_bodies_for) AS keep_bodies_for_s, (p_org).outside_window,
               (p_org).keep_media, seconds_of((p_org).keep_media_for) AS keep_media_for_s, (p_org).keep_media_types,
               (p_org).keep_media_max_bytes, (p_org).media_quota_bytes,
               media_bytes((p_org).id) AS media_bytes,
               (p_org).template_check,
               (p_org).time_zone, money_text((p_org).reply_meta_cost) AS reply_meta_cost,
               time_text((p_org).created_at) AS created_at) d;
$$;

-- check_kept_media: the same of what is said of files.
CREATE OR REPLACE FUNCTION check_kept_media(p_body jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (p_body ->> 'keep_media_for_s')::bigint = 0 THEN
        PERFORM refuse('invalid_field', 'keep_media_for_s', 'keep_media_for_s must be above zero');
    ELSIF (p_body ->> 'keep_media_max_bytes')::bigint = 0 THEN
        PERFORM refuse('invalid_field', 'keep_media_max_bytes', 'keep_media_max_bytes must be above zero');
    ELSIF jsonb_typeof(p_body -> 'keep_media_types') = 'array'
          AND (p_body -> 'keep_media_types' = '[]' OR NOT texts_of(p_body -> 'keep_media_types')
               <@ '{image,video,audio,voice,document,sticker}') THEN
        PERFORM refuse('invalid_field', 'keep_media_types',
                       'keep_media_types must be some of image, video, audio, voice, document and sticker, or null');
    END IF;
END $$;

-- check_org: refuses settings of an org's that cannot be.
CREATE OR REPLACE FUNCTION check_org(p_org_id uuid, p_body jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF btrim(p_body ->> 'name') = '' THEN
        PERFORM refuse('invalid_field', 'name', 'name must not be blank');
    ELSIF p_body ->> 'currency' !~ '^[A-Z]{3}$' THEN
        PERFORM refuse('invalid_field', 'currency', 'currency must be three capitals, such as INR (ISO 4217)');
    ELSIF p_body ->> 'default_country' !~ '^[A-Z]{2}$' THEN
        PERFORM refuse('invalid_field', 'default_country', 'default_country must be two capitals, such as IN (ISO 3166-1)');
    ELSIF p_body ? 'time_zone' AND NOT is_time_zone(p_body ->> 'time_zone') THEN
        PERFORM refuse('invalid_field', 'time_zone', 'time_zone must be a name of IANA''s, such as Asia/Kolkata');
    ELSIF (p_body ->> 'reply_meta_cost')::numeric < 0 THEN
        PERFORM refuse('invalid_field', 'reply_meta_cost', 'reply_meta_cost must not be below zero');
    ELSIF (p_body ->> 'undelivered_after_s')::bigint = 0 THEN
        PERFORM refuse('invalid_field', 'undelivered_after_s', 'undelivered_after_s must be above zero, or null');
    ELSIF (p_body ->> 'keep_bodies_for_s')::bigint = 0 THEN
        PERFORM refuse('invalid_field', 'keep_bodies_for_s', 'keep_bodies_for_s must be above zero, or null');
    END IF;
    PERFORM check_kept_media(p_body);
    IF p_body ->> 'default_channel_id' IS NOT NULL AND NOT EXISTS (
          SELECT FROM channels c
           WHERE c.org_id = p_org_id AND c.id = (p_body ->> 'default_channel_id')::uuid AND c.status <> 'disabled') THEN
        PERFORM refuse('invalid_field', 'default_channel_id', 'The org has no such channel that is not disabled');
    END IF;
END $$;

-- set_org: changes what the body names.
CREATE OR REPLACE FUNCTION set_org(p_org_id uuid, p_body jsonb) RETURNS organizations
LANGUAGE plpgsql AS $$
DECLARE
    v_org organizations;
BEGIN
    PERFORM check_org(p_org_id, p_body);
    UPDATE organizations o
       SET name = coalesce(p_body ->> 'name', o.name), currency = coalesce(p_body ->> 'currency', o.currency),
           default_country = CASE WHEN p_body ? 'default_country' THEN p_body ->> 'default_country'
                                  ELSE o.default_country END,
           default_channel_id = CASE WHEN p_body ? 'default_channel_id' THEN (p_body ->> 'default_channel_id')::uuid
                                     ELSE o.default_channel_id END,
           opt_out_words = CASE WHEN p_body ? 'opt_out_words' THEN texts_of(p_body -> 'opt_out_words')
                                ELSE o.opt_out_words END,
           opt_in_words = CASE WHEN p_body ? 'opt_in_words' THEN texts_of(p_body -> 'opt_in_words')
                               ELSE o.opt_in_words END,
           replies_per_minute_max = coalesce((p_body ->> 'replies_per_minute_max')::integer, o.replies_per_minute_max),
           undelivered_after = CASE WHEN p_body ? 'undelivered_after_s'
                                    THEN (p_body ->> 'undelivered_after_s')::bigint * interval '1 second'
                                    ELSE o.undelivered_after END,
           keep_bodies_for = CASE WHEN p_body ? 'keep_bodies_for_s'
                                  THEN (p_body ->> 'keep_bodies_for_s')::bigint * interval '1 second'
                                  ELSE o.keep_bodies_for END,
           outside_window = coalesce(p_body ->> 'outside_window', o.outside_window),
           keep_media = coalesce((p_body ->> 'keep_media')::boolean, o.keep_media),
           keep_media_for = coalesce((p_body ->> 'keep_media_for_s')::bigint * interval '1 second', o.keep_media_for),
           keep_media_types = CASE WHEN p_body ->> 'keep_media_types' IS NOT NULL THEN texts_of(p_body -> 'keep_media_types')
                                   WHEN NOT p_body ? 'keep_media_types' THEN o.keep_media_types END,
           keep_media_max_bytes = coalesce((p_body ->> 'keep_media_max_bytes')::bigint, o.keep_media_max_bytes),
           media_quota_bytes = coalesce((p_body ->> 'media_quota_bytes')::bigint, o.media_quota_bytes),
           template_check = coalesce(p_body ->> 'template_check', o.template_check),
           time_zone = coalesce(p_body ->> 'time_zone', o.time_zone),
           reply_meta_cost = coalesce((p_body ->> 'reply_meta_cost')::numeric, o.reply_meta_cost)
     WHERE o.id = p_org_id RETURNING * INTO v_org;
    RETURN v_org;
EXCEPTION WHEN restrict_violation THEN -- keep_currency
    PERFORM refuse('conflict', 'currency', 'The org has a ledger: its currency stays');
END $$;

-- set_org_status: suspends an org, or ends that.
CREATE OR REPLACE FUNCTION set_org_status(p_actor text, p_org_id uuid, p_status text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_org organizations;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    UPDATE organizations o SET status = p_status WHERE o.id = p_org_id RETURNING * INTO v_org;
    RETURN org_document(v_org);
END $$;

-- channel_document: all but the access token; with how the number is, as its org sees it too.
CREATE OR REPLACE FUNCTION channel_document(p_channel channels) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_channel).id, (p_channel).org_id, (p_channel).phone_number_id, (p_channel).display_phone_number,
               (p_channel).waba_id, money_text((p_channel).service_fee_per_msg) AS service_fee_per_msg,
               (p_channel).max_mps, (p_channel).status, (p_channel).paused_for,
               (SELECT time_text(h.paused_at) FROM channel_health h
                 WHERE h.org_id = (p_channel).org_id AND h.channel_id = (p_channel).id) AS paused_at,
               waiting_document((p_channel).org_id, (p_channel).id) AS waiting,
               health_document((p_channel).org_id, (p_channel).id) AS health,
               time_text((p_channel).token_changed_at) AS token_changed_at,
               time_text((p_channel).created_at) AS created_at) d;
$$;

-- channel_named: the org's channel of this id, locked for this transaction, or a refusal.
CREATE OR REPLACE FUNCTION channel_named(p_org_id uuid, p_id uuid) RETURNS channels
LANGUAGE plpgsql AS $$
DECLARE
    v_channel channels;
BEGIN
    SELECT * INTO v_channel FROM channels c WHERE c.org_id = p_org_id AND c.id = p_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('channel_not_found', NULL, 'The org has no such channel');
    END IF;
    RETURN v_channel;
END $$;

-- check_channel: refuses what a channel cannot have.
CREATE OR REPLACE FUNCTION check_channel(p_body jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_body ->> 'phone_number_id' !~ '^[0-9]{1,32}$' THEN
        PERFORM refuse('invalid_field', 'phone_number_id', 'phone_number_id must be Meta''s id of the number: digits');
    ELSIF (p_body ->> 'service_fee_per_msg')::numeric < 0 THEN
        PERFORM refuse('invalid_field', 'service_fee_per_msg', 'service_fee_per_msg must be at least 0');
    ELSIF (p_body ->> 'max_mps')::integer = 0 THEN
        PERFORM refuse('invalid_field', 'max_mps', 'max_mps must be at least 1');
    ELSIF p_body ->> 'access_token' ~ '[[:space:]]|^sealed:' THEN
        PERFORM refuse('invalid_field', 'access_token', 'access_token must be Meta''s token, without blanks');
    ELSIF p_body ->> 'sealed_token' !~ '^sealed:[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]+=*$' THEN
        PERFORM refuse('invalid_field', 'sealed_token', 'sealed_token must be sealed');
    END IF;
END $$;

-- set_channel_status: from what it may be, the channel becomes what it is to be.
CREATE OR REPLACE FUNCTION set_channel_status(p_actor text, p_org_id uuid, p_id uuid, p_status text) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_channel channels;
BEGIN
    PERFORM act_as(p_actor);
    v_channel := channel_named(p_org_id, p_id);
    IF v_channel.status = 'disabled' AND p_status <> 'disabled' THEN
        PERFORM refuse('conflict', NULL, 'The channel is disabled: add the number anew');
    END IF;
    -- (Who pauses by hand what an outcome has paused already also sets it going by hand.)
    UPDATE channels c SET status = p_status, paused_for = NULL WHERE c.org_id = p_org_id AND c.id = p_id
    RETURNING * INTO v_channel;
    RETURN channel_document(v_channel);
END $$;

-- put_channel: a number becomes the org's. A token that comes sealed (sealed_token) is bound to the id that comes with
-- it.
CREATE OR REPLACE FUNCTION put_channel(p_org_id uuid, p_body jsonb) RETURNS channels
LANGUAGE plpgsql AS $$
DECLARE
    v_channel channels;
BEGIN
    INSERT INTO channels (org_id, id, phone_number_id, display_phone_number, waba_id, access_token, service_fee_per_msg,
                          max_mps)
    VALUES (p_org_id, coalesce((p_body ->> 'id')::uuid, gen_random_uuid()), p_body ->> 'phone_number_id',
            p_body ->> 'display_phone_number', p_body ->> 'waba_id',
            coalesce(p_body ->> 'sealed_token', p_body ->> 'access_token'),
            coalesce((p_body ->> 'service_fee_per_msg')::numeric, 0.20), coalesce((p_body ->> 'max_mps')::integer, 80))
    RETURNING * INTO v_channel;
    RETURN v_channel;
EXCEPTION WHEN unique_violation THEN
    SELECT * INTO v_channel FROM channels c
     WHERE c.phone_number_id = p_body ->> 'phone_number_id' AND c.status <> 'disabled';
    PERFORM refuse('already_exists', 'phone_number_id',
                   format('The number is one of the org %s: hand it over, or disable it there', v_channel.org_id));
END $$;

-- key_document: a key, but for what proves it.
CREATE OR REPLACE FUNCTION key_document(p_key api_keys) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_key).id, (p_key).name, (p_key).prefix, (p_key).rights, (p_key).addresses,
               time_text((p_key).created_at) AS created_at, time_text((p_key).expires_at) AS expires_at,
               time_text((p_key).last_used_at) AS last_used_at, time_text((p_key).revoked_at) AS revoked_at) d;
$$;

-- wallet_document: as the org itself sees it.
CREATE OR REPLACE FUNCTION wallet_document(p_org_id uuid) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT w.org_id, money_text(w.balance) AS balance, w.currency FROM wallets w WHERE w.org_id = p_org_id) d;
$$;

-- book_for_operator: books by hand; what cannot be booked is refused by the name of what is wrong.
CREATE OR REPLACE FUNCTION book_for_operator(p_actor text, p_org_id uuid, p_kind text, p_amount numeric,
                                             p_description text, p_reference text) RETURNS json
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    PERFORM book_alone(p_org_id, p_kind, p_amount, p_description, p_reference);
    RETURN wallet_document(p_org_id);
EXCEPTION
    WHEN invalid_parameter_value THEN
        IF EXISTS (SELECT FROM bookings b WHERE b.reference = p_reference) THEN
            PERFORM refuse('conflict', 'reference', 'The reference stands for another booking');
        END IF;
        PERFORM refuse('invalid_field', 'amount', 'amount must be above zero, of an adjustment anything but zero');
    WHEN check_violation THEN
        PERFORM refuse('insufficient_balance', 'amount', SQLERRM);
    WHEN numeric_value_out_of_range THEN
        PERFORM refuse('invalid_field', 'amount', SQLERRM);
END $$;
