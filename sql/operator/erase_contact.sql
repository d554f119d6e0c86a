-- erase_contact: what deploy/erase does first: the person who has this phone (with its country code) or user id, in
-- whichever form, and all contacts that lead to it, have neither any more, nor a name; what waits to leave to it is
-- cancelled and refunded; opt-outs stay, under hashes; what names it elsewhere goes. The ledger, fees, times, statuses
-- and ids stay. Returns how many of what, but for what is none; in the same transaction a row of erasures says it.
--
-- The messages themselves are done by finish_erasures, in a transaction of its own: it looks at all that the org
-- has, and no wallet is to be held meanwhile.
--
-- Lock order: wallets, contacts, outbox by line.
CREATE OR REPLACE FUNCTION erase_contact(p_org_id uuid, p_phone text DEFAULT NULL, p_user_id text DEFAULT NULL)
RETURNS TABLE (what text, n bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_phone    text := nullif(digits_of(p_phone), '');
    v_ids      bigint[];
    v_names    text[];
    v_ended    record;
    v_mentions record;
    v_opt_outs bigint;
    v_waiting  bigint;
    v_erased   jsonb;
BEGIN
    -- (With digits of which others are made, as of "... ext. 5", somebody else would be erased.)
    IF (v_phone IS NULL) = (nullif(p_user_id, '') IS NULL) OR v_phone !~ '^[1-9][0-9]{6,14}$'
       OR p_phone !~ '^\s*\+?[0-9 .()\[\]-]*$' OR p_phone LIKE '%(0)%' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a phone with its country code, or a user id, is needed';
    ELSIF NOT EXISTS (SELECT FROM organizations o WHERE o.id = p_org_id) THEN
        RAISE no_data_found USING MESSAGE = format('there is no org %s', p_org_id);
    END IF;
    PERFORM lock_wallets(ARRAY[p_org_id]);
    v_ids := ARRAY(SELECT c.id FROM contacts c, contacts_named(p_org_id, ARRAY[v_phone], ARRAY[p_user_id]) AS k (ids)
                    WHERE c.org_id = p_org_id AND (c.id = ANY (k.ids) OR c.merged_into = ANY (k.ids))
                    ORDER BY c.id FOR UPDATE OF c);
    v_names := names_of(p_org_id, v_ids, v_phone, p_user_id);
    v_ended := end_waiting(p_org_id, v_ids);
    v_opt_outs := keep_opt_outs(p_org_id, v_ids, v_names);
    v_waiting := erase_recipients(p_org_id, v_names);
    v_mentions := erase_mentions(p_org_id, v_names);
    DELETE FROM contact_cards k WHERE k.org_id = p_org_id AND k.contact_id = ANY (v_ids);
    UPDATE contacts c SET phone = NULL, user_id = NULL, name = NULL, erased_at = clock_timestamp()
     WHERE c.org_id = p_org_id AND c.id = ANY (v_ids);
    DELETE FROM preferences p WHERE p.org_id = p_org_id AND p.contact_id = ANY (v_ids);
    v_erased := jsonb_strip_nulls(jsonb_build_object(
        'contacts', nullif(cardinality(v_ids), 0), 'cancelled', nullif(v_ended.cancelled, 0),
        'refunded', nullif(v_ended.refunded, 0), 'leaving just now', nullif(v_ended.leaving, 0),
        'recipients of campaigns', nullif(v_waiting, 0), 'opt-outs kept as hashes', nullif(v_opt_outs, 0), 'dead letters', nullif(v_mentions.dead_letters, 0),
        'account notices', nullif(v_mentions.notices, 0), 'alerts', nullif(v_mentions.alerts, 0),
        'changes of numbers', nullif(v_mentions.changes, 0), 'idempotency keys', nullif(v_mentions.keys, 0)));
    IF v_erased <> '{}' THEN
        INSERT INTO erasures (org_id, actor, contact_ids, erased, finished_at)
        VALUES (p_org_id, current_actor(), v_ids, v_erased, CASE WHEN v_ids = '{}' THEN clock_timestamp() END);
    END IF;
    RETURN QUERY SELECT e.key, e.value::bigint FROM jsonb_each_text(v_erased) e ORDER BY e.key;
END $$;
