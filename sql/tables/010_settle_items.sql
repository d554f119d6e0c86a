-- What the phases of settle_sends and apply_statuses hand on.

CREATE TYPE outcome_item AS (
    n             bigint,
    org_id        uuid,
    message_id    uuid,
    claim_id      uuid,
    outcome       text,
    wamid         text,
    error_message text,
    transient     boolean,
    retry_after_s bigint,
    is_repeat     boolean,
    status        text,
    is_refunded   boolean,
    is_retried    boolean,
    action        text,
    error_class   text,
    unknown_code  boolean
);
COMMENT ON TYPE outcome_item IS 'What came of a dispatch, and what the outcome''s error rule says of it.';
COMMENT ON COLUMN outcome_item.n IS 'Its place in the batch.';
COMMENT ON COLUMN outcome_item.is_repeat IS 'An outcome of the same message stands before it.';
COMMENT ON COLUMN outcome_item.status IS 'What the message becomes, unless it is tried again.';
COMMENT ON COLUMN outcome_item.is_refunded IS 'If it fails.';
COMMENT ON COLUMN outcome_item.is_retried IS 'If an attempt and time are left.';

CREATE TYPE settled_item AS (
    item       outcome_item,
    status     text,
    attempt    smallint,
    channel_id uuid,
    contact_id bigint,
    claimed_at timestamptz
);
COMMENT ON TYPE settled_item IS 'A message that this batch settles.';
COMMENT ON COLUMN settled_item.status IS 'The item''s, or scheduled: it is tried again.';
COMMENT ON COLUMN settled_item.channel_id IS
    'Of its outbox row, as the rest; null where that was gone, since the message was taken for abandoned.';

CREATE TYPE failure AS (
    org_id     uuid,
    message_id uuid,
    channel_id uuid,
    action     text,
    outcome    text,
    message    text,
    tried_at   timestamptz
);
COMMENT ON TYPE failure IS 'What act_on_failures needs to know of one.';
COMMENT ON COLUMN failure.channel_id IS 'Null: let it alone.';
COMMENT ON COLUMN failure.action IS 'Of the outcome''s error rule.';
