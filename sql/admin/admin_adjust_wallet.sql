-- admin_adjust_wallet: corrects a balance, below zero for what is taken, for a reason.
CREATE OR REPLACE FUNCTION admin_adjust_wallet(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF btrim(p_body ->> 'reason') = '' THEN
        PERFORM refuse('invalid_field', 'reason', 'reason must not be blank');
    END IF;
    RETURN book_for_operator(p_actor, p_org_id, 'adjustment', (p_body ->> 'amount')::numeric, p_body ->> 'reason',
                             p_body ->> 'reference');
END $$;
