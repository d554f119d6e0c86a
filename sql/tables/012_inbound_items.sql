-- What the phases of receive_messages hand on (core/inbound.sql).

CREATE TYPE inbound_item AS (
    n          bigint,
    org_id     uuid,
    channel_id uuid,
    is_new     boolean,
    opt_out    boolean,
    id         uuid,
    wamid      text,
    phone      text,
    new_phone  text,
    user_id    text,
    name       text,
    type       text,
    text       text,
    media_id   text,
    mime_type  text,
    reply_to   text,
    referral   json,
    payload    json,
    at         timestamptz
);
COMMENT ON TYPE inbound_item IS 'A message of a customer''s, and whose it is.';
COMMENT ON COLUMN inbound_item.n IS 'Its place in the batch.';
COMMENT ON COLUMN inbound_item.org_id IS 'Null where nobody owns the number, as channel_id.';
COMMENT ON COLUMN inbound_item.is_new IS 'It was not there before, and no earlier one of the batch is the same.';
COMMENT ON COLUMN inbound_item.opt_out IS 'What its text wishes; null: nothing.';
