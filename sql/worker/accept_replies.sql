-- accept_replies: sends the replies of a batch of inbound messages, through accept_sends like any other
-- send, with priority high. An inbound message is answered once at the most, however often this is asked;
-- what forbids a reply (no money, the rule's cooldown or cap, the guard against two machines talking to
-- each other) is recorded in its place.
--
-- The wallets are locked first, in org order as everywhere: so two batches never judge the limits of one
-- org at the same moment. An org whose wallet somebody holds for long does not reply (wallet_held): the messages of
-- the others, which stand behind, are not to wait for it.
CREATE OR REPLACE FUNCTION accept_replies(
    p_org_ids     uuid[],
    p_message_ids uuid[], -- inbound
    p_rule_ids    uuid[],
    p_reply_ids   uuid[], -- new ones, of the replies
    p_types       text[],
    p_payloads    text[], -- what Meta gets; NULL: no reply, for the reason beside it
    p_skips       text[],
    p_versions    bigint[] DEFAULT NULL -- of the rules, as they were tried; NULL: as they are
) RETURNS TABLE (verdict text, status text) -- a row per item, in order: accepted and its status,
LANGUAGE plpgsql SECURITY DEFINER           -- answered (earlier), or why it is skipped
SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_items    reply_item[];
    v_free     uuid[]; -- orgs whose wallets are locked
    v_verdicts text[];
    v_statuses text[];
BEGIN
    v_free := lock_free_wallets(p_org_ids, '2s');
    v_items := ARRAY(SELECT i FROM find_replies(p_org_ids, p_message_ids, p_rule_ids, p_reply_ids, p_types,
                                                p_payloads, p_skips, p_versions) i);
    IF NOT p_org_ids <@ v_free THEN
        FOR v_at IN 1 .. cardinality(v_items) LOOP
            IF v_items[v_at].skip IS NULL AND v_items[v_at].org_id <> ALL (v_free) THEN
                v_items[v_at].skip := 'wallet_held';
            END IF;
        END LOOP;
    END IF;
    SELECT * INTO v_verdicts, v_statuses FROM send_replies(v_items, judge_replies(v_items));
    PERFORM keep_replies(v_items, v_verdicts);
    RETURN QUERY SELECT u.* FROM unnest(v_verdicts, v_statuses) AS u (verdict, status);
END $$;
