-- settings_document: what an org may set by itself.
CREATE OR REPLACE FUNCTION settings_document(p_org organizations) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_org).default_country, (p_org).default_channel_id, (p_org).opt_out_words, (p_org).opt_in_words,
               (p_org).replies_per_minute_max, seconds_of((p_org).undelivered_after) AS undelivered_after_s,
               seconds_of((p_org).keep_bodies_for) AS keep_bodies_for_s, (p_org).outside_window) d;
$$;
