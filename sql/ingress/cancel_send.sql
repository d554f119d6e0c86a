-- cancel_send: the customer does not want it sent after all. `cancelled`, also when it had been before;
-- `too_late` once it is on its way; `not_found`. The janitor publishes what stood behind it.
CREATE OR REPLACE FUNCTION cancel_send(p_org_id uuid, p_message_id uuid)
RETURNS TABLE (verdict text, refunded boolean) -- refunded: by this call
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    SELECT 'cancelled', e.refunded INTO verdict, refunded
      FROM end_sends(ARRAY[p_org_id], ARRAY[p_message_id], 'cancelled', NULL,
                     ARRAY['scheduled', 'held'], false) e;
    IF NOT FOUND THEN
        SELECT CASE WHEN m.error_code = 'cancelled' AND m.status = 'failed' THEN 'cancelled'
                    ELSE 'too_late' END
          INTO verdict
          FROM messages m
         WHERE m.id = p_message_id AND m.org_id = p_org_id AND m.direction = 'outbound';
        verdict := coalesce(verdict, 'not_found');
        refunded := false;
    END IF;
    RETURN NEXT;
END $$;
