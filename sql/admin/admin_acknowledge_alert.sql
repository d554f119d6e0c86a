-- admin_acknowledge_alert: says that somebody sees to an alert. Who was first stays.
CREATE OR REPLACE FUNCTION admin_acknowledge_alert(p_actor text, p_n bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_alert alerts;
BEGIN
    PERFORM act_as(p_actor);
    UPDATE alerts a SET acknowledged_at = now(), acknowledged_by = p_actor
     WHERE a.id = p_n AND a.acknowledged_at IS NULL;
    SELECT * INTO v_alert FROM alerts a WHERE a.id = p_n;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'There is no such alert');
    END IF;
    RETURN alert_document(v_alert);
END $$;
