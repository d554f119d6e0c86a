-- Hours at which rules answer, by the clocks of a time zone (automation_rules.hours).

-- is_time_zone: has IANA such a name? (What PostgreSQL takes besides, as EST or UTC+3, has no summers, or means the
-- opposite of what it says.)
CREATE OR REPLACE FUNCTION is_time_zone(p_name text) RETURNS boolean
LANGUAGE sql STABLE
RETURN p_name = 'UTC'
    OR p_name ~ '^[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2}$' AND p_name !~ '^Etc/'
       AND EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = p_name);

-- fault_of_opening: what is wrong with one of the times at which a rule's org is open; null: nothing.
CREATE OR REPLACE FUNCTION fault_of_opening(p_opening jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN jsonb_typeof(p_opening) <> 'object' THEN 'hours.open must be a list of objects'
    WHEN p_opening - '{days,from,to}'::text[] <> '{}' THEN 'hours.open has days, from and to, and nothing else'
    WHEN (p_opening ->> 'from' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' AND p_opening ->> 'to' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$')
         IS NOT TRUE THEN 'hours.open: from and to must be times, such as 09:00'
    WHEN p_opening ->> 'from' = p_opening ->> 'to' THEN 'hours.open: from and to must not be the same; a day is 00:00 to 24:00'
    WHEN p_opening -> 'days' IS NOT NULL AND (
             jsonb_typeof(p_opening -> 'days') <> 'array' OR p_opening -> 'days' = '[]'
             OR NOT p_opening -> 'days' <@ '["mon","tue","wed","thu","fri","sat","sun"]')
    THEN 'hours.open: days must be some of mon, tue, wed, thu, fri, sat, sun'
END;

-- fault_of_hours: what is wrong with the hours of a rule; null: nothing.
CREATE OR REPLACE FUNCTION fault_of_hours(p_hours jsonb) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN p_hours IS NULL THEN NULL
    WHEN jsonb_typeof(p_hours) <> 'object' THEN 'hours must be an object'
    WHEN p_hours - '{answers,time_zone,open}'::text[] <> '{}' THEN 'hours has answers, time_zone and open, and nothing else'
    WHEN (p_hours ->> 'answers' IN ('within', 'outside')) IS NOT TRUE THEN 'hours.answers must be within or outside'
    WHEN (jsonb_typeof(p_hours -> 'open') = 'array') IS NOT TRUE OR p_hours -> 'open' = '[]'
         OR jsonb_array_length(p_hours -> 'open') > 50 THEN 'hours.open must be a list of 1 to 50 times'
    WHEN is_time_zone(p_hours ->> 'time_zone') IS NOT TRUE
    THEN 'hours.time_zone must be a name of IANA''s, such as Asia/Kolkata'
    ELSE (SELECT min(fault_of_opening(o)) FROM jsonb_array_elements(p_hours -> 'open') o)
END;

-- hours_within: when a rule with these hours answers, from then until then. Its days are those on which it opens; a time
-- that a day has twice is the later one, and one that it has not is an hour later.
CREATE OR REPLACE FUNCTION hours_within(p_hours jsonb, p_from timestamptz, p_until timestamptz) RETURNS tstzmultirange
LANGUAGE sql STABLE AS $$
    WITH span AS (
        SELECT (d.day + (o ->> 'from')::time) AT TIME ZONE (p_hours ->> 'time_zone') AS opens,
               (d.day + (o ->> 'to')::time + CASE WHEN o ->> 'to' < o ->> 'from' THEN interval '1 day'
                                                  ELSE interval '0' END)
               AT TIME ZONE (p_hours ->> 'time_zone') AS closes
          FROM generate_series(date_trunc('day', p_from AT TIME ZONE (p_hours ->> 'time_zone')) - interval '1 day',
                               p_until AT TIME ZONE (p_hours ->> 'time_zone'), interval '1 day') AS d (day)
         CROSS JOIN jsonb_array_elements(p_hours -> 'open') o
         WHERE o -> 'days' IS NULL
            OR o -> 'days' ? ('{mon,tue,wed,thu,fri,sat,sun}'::text[])[extract(isodow FROM d.day)::integer]
    ), opened AS (
        SELECT coalesce(range_agg(tstzrange(s.opens, s.closes)), '{}') AS hours FROM span s WHERE s.opens < s.closes
    )
    SELECT CASE p_hours ->> 'answers' WHEN 'within' THEN o.hours * tstzmultirange(tstzrange(p_from, p_until))
                                      ELSE tstzmultirange(tstzrange(p_from, p_until)) - o.hours END
      FROM opened o;
$$;

-- hours_text: the same as a worker reads it: "from,until" in Unix seconds, with blanks between.
CREATE OR REPLACE FUNCTION hours_text(p_hours jsonb, p_from timestamptz, p_until timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(string_agg(format('%s,%s', extract(epoch FROM lower(r))::bigint, extract(epoch FROM upper(r))::bigint),
                               ' ' ORDER BY lower(r)), '')
      FROM unnest(hours_within(p_hours, p_from, p_until)) r;
$$;

-- judge_time_zone: an org's time zone is one.
CREATE OR REPLACE FUNCTION judge_time_zone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF NOT is_time_zone(NEW.time_zone) THEN
        RAISE check_violation USING MESSAGE = 'time_zone must be a name of IANA''s, such as Asia/Kolkata';
    END IF;
    RETURN NEW;
END $$;
