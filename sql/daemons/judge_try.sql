-- judge_try: what would become of a rule's reply, as Meta would get it, to that contact over that channel: judged as accept_replies would, of
-- which nothing is done; as things are now, if p_at is past, as then a message that comes late would be. p_skip: why there
-- is none anyway; NULL: for no reason.
CREATE OR REPLACE FUNCTION judge_try(p_org_id uuid, p_rule_id uuid, p_channel_id uuid, p_contact_id bigint, p_phone text,
                                     p_user_id text, p_type text, p_payload text, p_skip text,
                                     p_at bigint) -- Unix seconds
RETURNS TABLE (verdict text,             -- accepted, or why there is no reply
               fee text, meta_cost text, cost text, balance text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_at     CONSTANT timestamptz := greatest(to_timestamp(p_at), now());
    v_limits record;
    v_item   reply_item;
    v_skip   text := p_skip;
BEGIN
    SELECT * INTO v_limits FROM reply_limits(p_org_id, p_rule_id, p_channel_id, p_contact_id, c_at);
    v_item.n := 1;
    v_item.org_id := p_org_id;
    v_item.contact_id := coalesce(p_contact_id, 0);
    v_item.rule_id := p_rule_id;
    v_item.skip := p_skip;
    v_item.left_today := v_limits.left_today;
    v_item.left_this_minute := v_limits.left_this_minute;
    v_item.cools_down := v_limits.cools_down;
    v_item.is_cooling := v_limits.is_cooling;
    v_item.cost := v_limits.cost;
    v_item.left_to_spend := v_limits.left_to_spend;
    v_skip := (judge_replies(ARRAY[v_item]))[1];
    IF v_skip IS NULL THEN
        -- (Whoever writes opens Meta's window, so it is judged only what is never outside of it: a template, or else
        -- what has a category.)
        SELECT nullif(i.verdict, 'accepted') INTO v_skip
          FROM judge_sends(c_at, ARRAY[gen_random_uuid()], ARRAY[p_org_id], ARRAY[p_channel_id], ARRAY[p_phone],
                           ARRAY[CASE WHEN p_phone IS NULL THEN p_user_id END], ARRAY[p_type], NULL, NULL, NULL, NULL, NULL,
                           p_payloads => ARRAY[CASE p_type WHEN 'template' THEN p_payload
                                                           ELSE '{"category": "service"}' END]) i;
    END IF;
    RETURN QUERY
    SELECT coalesce(v_skip, 'accepted'), money_text(v_limits.cost - v_limits.meta_cost), money_text(v_limits.meta_cost),
           money_text(v_limits.cost),
           money_text(coalesce((SELECT t.balance_after FROM wallet_transactions t
                                 WHERE t.org_id = p_org_id ORDER BY t.n DESC LIMIT 1), 0));
END $$;
