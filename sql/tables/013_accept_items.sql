-- What the phases of accept_sends hand on (core/accept.sql).

CREATE TYPE send_item AS (
    n             bigint,
    message_id    uuid,
    org_id        uuid,
    channel_id    uuid,
    phone         text,
    user_id       text,
    type          text,
    priority      text,
    key           text,
    body_hash     bytea,
    send_at       timestamptz,
    expires_at    timestamptz,
    fee           numeric,
    balance_after numeric,
    contact_id    bigint,
    line_end      uuid
);
COMMENT ON TYPE send_item IS 'A send of a batch, and what was looked up for it.';
COMMENT ON COLUMN send_item.n IS 'Its place in the batch.';
COMMENT ON COLUMN send_item.channel_id IS 'Null: there is none for it.';
COMMENT ON COLUMN send_item.send_at IS 'Null: now.';
COMMENT ON COLUMN send_item.balance_after IS 'Of its org, once this send and those before it are paid.';
COMMENT ON COLUMN send_item.contact_id IS 'Null: a receipt''s, or one who is not known yet.';
COMMENT ON COLUMN send_item.line_end IS 'Who stands last in the line that it joins; null: nobody.';

CREATE TYPE judged_send AS (
    send      send_item,
    verdict   text,
    answer_id uuid
);
COMMENT ON COLUMN judged_send.verdict IS
    'As accept_sends returns it, or known: it was accepted before under the same id; or, until follow_keys has '
    'judged it, follows: an earlier one of the batch has the same idempotency key.';
COMMENT ON COLUMN judged_send.answer_id IS 'Its own id, or the first one''s of a duplicate.';

CREATE TYPE seat AS (
    contact_id bigint,
    has_place  boolean,
    state      text,
    due_at     timestamptz
);
COMMENT ON TYPE seat IS 'Where an accepted send waits: its row of the outbox.';
COMMENT ON COLUMN seat.has_place IS 'It joins the line now, or needs none; else once its send_at has come.';
