-- What the phases of a function that works on a batch hand on. n is an item's place in the batch.

CREATE TYPE send_item AS ( -- of accept_sends: a send, what was looked up for it, and how it was judged
    n bigint, message_id uuid, org_id uuid, channel_id uuid,
    phone text, user_id text, type text, priority text, key text, body_hash bytea,
    send_at timestamptz,   -- null: now
    expires_at timestamptz,
    fee numeric,
    balance_after numeric, -- of its org, once this send and those before it are paid
    contact_id bigint,     -- null: a receipt's, or one who is not known yet
    line_end uuid,         -- who stands last in the line that it joins; null: nobody
    -- As accept_sends returns it, or known: it was accepted before under the same id; or, until follow_keys has
    -- judged it, follows: an earlier one of the batch has the same idempotency key.
    verdict text,
    answer_id uuid         -- its own id, or the first one's of a duplicate
);

CREATE TYPE seat AS ( -- where an accepted send waits
    recipient bigint,  -- its contact
    has_place boolean, -- it joins the line now, or needs none; else once its send_at has come
    state text, due_at timestamptz
);

CREATE TYPE outcome_item AS ( -- of settle_sends: what came of a dispatch, and what its error rule says of that
    n bigint, org_id uuid, message_id uuid, claim_id uuid,
    outcome text, wamid text, error_message text, transient boolean, retry_after_s bigint,
    is_repeat boolean,   -- an outcome of the same message stands before it
    status text,         -- what the message becomes, unless it is tried again
    is_refunded boolean, -- if it fails
    is_retried boolean,  -- if an attempt and time are left
    action text, error_class text, unknown_code boolean
);

CREATE TYPE settled_item AS ( -- a message that the batch settles
    item outcome_item,
    status text, -- the item's, or scheduled: it is tried again
    -- Of its outbox row; all but attempt null where that was gone, since the message was taken for abandoned.
    attempt smallint, channel_id uuid, contact_id bigint, claimed_at timestamptz
);

CREATE TYPE failure AS ( -- what act_on_failures needs to know of one
    org_id uuid, message_id uuid,
    channel_id uuid, -- null: let it alone
    action text,     -- of the outcome's error rule
    outcome text, message text, tried_at timestamptz
);

CREATE TYPE status_item AS ( -- of apply_statuses: a status of Meta's, and the message that it is about
    n bigint,
    verdict text, -- applied, unknown_number, unknown_message, foreign_message
    org_id uuid,  -- null where nobody owns the number
    message_id uuid, may_move_money boolean,
    status text, at timestamptz, wamid text, pricing json, error_code text, error_message text
);

CREATE TYPE status_sum AS ( -- what is known of a message once the batch's statuses of it are counted in
    n bigint, org_id uuid, message_id uuid, -- the first of them
    status text,                            -- what the message becomes
    is_failing boolean,       -- it fails by this batch: error_code to unknown_code tell why
    is_refunded boolean,      -- by that failure
    is_charged_again boolean, -- its refund is to be taken back, if the balance carries it
    error_code text, error_message text, action text, unknown_code boolean,
    -- As this batch tells it:
    wamid text, pricing json,
    sent_at timestamptz, delivered_at timestamptz, read_at timestamptz, failed_at timestamptz
);

CREATE TYPE inbound_item AS ( -- of receive_messages: a message of a customer's, and whose it is
    n bigint,
    org_id uuid, channel_id uuid, -- null where nobody owns the number
    is_new boolean,               -- it was not there before, and no earlier one of the batch is the same
    opt_out boolean,              -- what its text wishes; null: nothing
    id uuid, wamid text, phone text, new_phone text, user_id text, name text, type text, text text,
    media_id text, mime_type text, reply_to text, referral json, payload json, at timestamptz
);

CREATE TYPE reply_item AS ( -- of accept_replies: a reply to an inbound message, and what its limits still allow
    n bigint, org_id uuid, message_id uuid, channel_id uuid, contact_id bigint, phone text, user_id text,
    rule_id uuid,            -- null: it is gone
    reply_id uuid, type text, payload text,
    skip text,               -- why there is none, whatever the limits allow; null: for no reason
    left_today bigint,       -- so often the rule may still reply today; null: it has no cap
    left_this_minute bigint, -- so often the contact may still be replied to
    cools_down boolean,      -- the rule replies to one contact once in a while
    is_cooling boolean       -- it has just done so
);
