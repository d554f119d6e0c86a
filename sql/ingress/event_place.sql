-- event_place: the place of a cursor. NULL: before all that are kept; now: behind all that there are. One of a database
-- that has counted its transactions further, and was lost, is taken by the time in its id alone (after_restore).
CREATE OR REPLACE FUNCTION event_place(p_after text, p_field text DEFAULT 'after', OUT xact xid8, OUT id uuid)
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_parts CONSTANT text[] := regexp_match(p_after, '^([0-9a-f]{1,15})\.([0-9a-f]{32})$');
BEGIN
    xact := '0';
    id := '00000000-0000-0000-0000-000000000000';
    IF p_after = 'now' THEN
        xact := pg_snapshot_xmin(pg_current_snapshot());
    ELSIF p_after IS NOT NULL THEN
        IF v_parts IS NULL THEN
            PERFORM refuse('invalid_field', p_field, p_field || ' must be what an earlier answer has told, or now');
        END IF;
        xact := (('x' || lpad(v_parts[1], 16, '0'))::bit(64)::bigint)::text::xid8;
        id := v_parts[2]::uuid;
        IF xact > pg_snapshot_xmax(pg_current_snapshot()) THEN
            xact := '0';
        END IF;
    END IF;
END $$;
