-- receive_messages: keeps a batch of inbound messages. Each is found its channel by phone_number_id, and so
-- its org; its contact is found or made, the conversation's last inbound time moves forward, and the words
-- of the org opt the contact out or in, unless the caller sees to that. Safe to repeat: a message is kept once for each channel and wamid,
-- and one that is there already changes nothing.
--
-- A contact that changes while somebody holds the wallet does so later: such a message is to be received again.
--
-- Lock order: wallets by org (of contacts that change, or turn out to be one), contacts by key, conversations by
-- key, messages by channel and wamid.
CREATE OR REPLACE FUNCTION receive_messages(
    p_ids uuid[],                          -- new ones
    p_phone_number_ids text[], p_wamids text[],
    p_phones text[], p_user_ids text[],    -- of who wrote; phone NULL: by business-scoped user id
    p_names text[],                        -- of the profile; NULL: not told
    p_new_phones text[],                   -- the contact says that this is the new number
    p_types text[], p_texts text[], p_media_ids text[], p_mime_types text[],
    p_reply_tos text[],                    -- wamid
    p_referrals text[], p_payloads text[], -- JSON; the latter is Meta's own object
    p_times bigint[],                      -- Unix seconds, Meta's
    p_group_ids text[] DEFAULT NULL,       -- in which it was written; NULL: to the number alone
    p_summaries text[] DEFAULT NULL,       -- what it says where there is no text
    p_error_codes text[] DEFAULT NULL, p_error_messages text[] DEFAULT NULL, -- why Meta does not show it
    p_changes text[] DEFAULT NULL,         -- the wamid of the message that it edits or revokes
    p_are_said boolean[] DEFAULT NULL,     -- what is not is no first message; NULL: all are
    p_reply_within_s bigint DEFAULT 600,   -- what is older is not replied to
    p_new_user_ids text[] DEFAULT NULL,    -- the contact has this user id from now on
    p_words_later boolean DEFAULT false    -- the caller looks for words itself (list_words, set_wishes)
) RETURNS TABLE (                          -- a row per item, in order
    verdict text,                          -- saved, duplicate; unknown_number, before_hand_over, wallet_held: it is not kept
    org_id uuid, channel_id uuid, message_id uuid,
    rules_version bigint,                  -- of the org's automation rules; 0: no reply is to be thought of
    -- The rest is for replies alone, and told of an org with rules.
    is_first boolean,                      -- the first message of the conversation
    is_word boolean,                       -- it is a word that opts out
    opted_out boolean, phone text, user_id text, name text, -- the contact, as it stands now
    words_id uuid                          -- of the org's words that opt out and in
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_items    inbound_item[];
    v_new      inbound_item[]; -- of these
    v_contacts bigint[];       -- who wrote each of v_new
    v_wishes   boolean;        -- one of them wishes something
    v_orgs     uuid[];         -- theirs
    v_media    boolean;        -- one of them has a file
    v_changes  boolean;        -- one of them says that its contact has another number or user id
BEGIN
    p_changes := something(p_changes); -- (Few messages have any of these, and an array that is not there costs nothing.)
    SELECT array_agg(i), array_agg(i) FILTER (WHERE i.is_new), bool_or(i.is_new AND i.opt_out IS NOT NULL),
           array_agg(i.org_id) FILTER (WHERE i.is_new), bool_or(i.is_new AND i.media_id IS NOT NULL),
           bool_or(i.is_new AND coalesce(i.new_phone, i.new_user_id) IS NOT NULL)
      INTO v_items, v_new, v_wishes, v_orgs, v_media, v_changes
      FROM find_inbound(p_ids, p_phone_number_ids, p_wamids, p_phones, p_user_ids, p_names, p_new_phones,
                        p_types, p_texts, p_media_ids, p_mime_types, p_reply_tos, p_referrals, p_payloads,
                        p_times, something(p_group_ids), something(p_summaries), something(p_error_codes),
                        something(p_error_messages), p_changes, p_are_said, p_new_user_ids, p_words_later) i;
    IF v_changes THEN
        v_items := lock_wallets_of_changes(v_items);
        v_new := (SELECT array_agg(i ORDER BY i.n) FROM unnest(v_items) i WHERE i.is_new);
    END IF;
    IF v_new IS NOT NULL THEN
        v_contacts := find_senders(v_new);
        PERFORM keep_conversations(v_new, v_contacts);
        IF v_wishes THEN
            PERFORM set_preferences(array_agg(i.org_id), array_agg(i.channel_id), v_contacts,
                                    array_agg(i.opt_out), array_agg(i.at)) FROM unnest(v_new) i;
        END IF;
        PERFORM save_inbound(v_new, v_contacts, EXISTS (SELECT FROM event_wishes w
                                                 WHERE w.org_id = ANY (v_orgs) AND asks_for(w.asks, 'received')));
        IF v_media THEN PERFORM keep_inbound_media(v_new); END IF;
        IF p_changes IS NOT NULL THEN
            PERFORM keep_changes(array_agg(i.org_id), array_agg(i.channel_id), array_agg(i.id),
                                 array_agg(i.changes)) FROM unnest(v_new) i;
        END IF;
    END IF;
    RETURN QUERY SELECT t.* FROM tell_received(v_items, p_reply_within_s) t;
END $$;
