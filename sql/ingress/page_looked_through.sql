-- page_looked_through: a page of what look_through has found, whose rows are shown as p_shown says of each: as
-- of page_of. searched_until: the time up to which was looked, where that was not to the end; next_before goes on there.
CREATE OR REPLACE FUNCTION page_looked_through(p_name text, p_limit bigint, p_keys uuid[], p_looked_until uuid,
                                               p_shown json[])
RETURNS json LANGUAGE sql IMMUTABLE
RETURN json_build_object(
    p_name, to_json(coalesce(p_shown[:p_limit], '{}')),
    'next_before', CASE WHEN cardinality(p_keys) > p_limit THEN p_keys[p_limit] ELSE p_looked_until END,
    'searched_until', time_text(time_of_id(p_looked_until)));
