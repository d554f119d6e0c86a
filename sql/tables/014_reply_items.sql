-- What the phases of accept_replies hand on (core/replies.sql).

CREATE TYPE reply_item AS (
    n                bigint,
    org_id           uuid,
    message_id       uuid,
    channel_id       uuid,
    contact_id       bigint,
    phone            text,
    user_id          text,
    rule_id          uuid,
    reply_id         uuid,
    type             text,
    payload          text,
    skip             text,
    left_today       bigint,
    left_this_minute bigint,
    cools_down       boolean,
    is_cooling       boolean
);
COMMENT ON TYPE reply_item IS 'A reply to an inbound message, and what its limits still allow.';
COMMENT ON COLUMN reply_item.n IS 'Its place in the batch.';
COMMENT ON COLUMN reply_item.rule_id IS 'Null: it is gone.';
COMMENT ON COLUMN reply_item.skip IS 'Why there is none, whatever the limits allow; null: for no reason.';
COMMENT ON COLUMN reply_item.left_today IS 'So often the rule may still reply today; null: it has no cap.';
COMMENT ON COLUMN reply_item.left_this_minute IS 'So often the contact may still be replied to.';
COMMENT ON COLUMN reply_item.cools_down IS 'The rule replies to one contact once in a while.';
COMMENT ON COLUMN reply_item.is_cooling IS 'It has just done so.';
