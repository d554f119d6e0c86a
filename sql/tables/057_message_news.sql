-- What has become true of a message, on its way from what has changed it to events.

CREATE TYPE message_news AS (
    n          bigint,  -- its place among all that the batch tells
    org_id     uuid,
    channel_id uuid,
    contact_id bigint,  -- NULL: it is nobody's message, and nothing is told of it
    message_id uuid,
    status     text,    -- that it has come to, as wish_bit has them
    data       jsonb
);
