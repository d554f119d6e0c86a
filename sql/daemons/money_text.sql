-- Money as the outer interface shows it: at least two decimals, at most the four that are stored.
CREATE OR REPLACE FUNCTION money_text(p_amount numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN scale(trim_scale(p_amount)) < 2 THEN round(p_amount, 2)::text
            ELSE trim_scale(p_amount)::text END;
