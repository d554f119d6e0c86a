-- What the phases of apply_statuses hand on (core/statuses.sql).

CREATE TYPE status_item AS (
    n              bigint,
    verdict        text,
    org_id         uuid,
    message_id     uuid,
    may_move_money boolean,
    status         text,
    at             timestamptz,
    wamid          text,
    pricing        json,
    error_code     text,
    error_message  text
);
COMMENT ON TYPE status_item IS 'A status of Meta''s, and the message that it is about.';
COMMENT ON COLUMN status_item.n IS 'Its place in the batch.';
COMMENT ON COLUMN status_item.verdict IS 'applied, unknown_number, unknown_message, foreign_message.';
COMMENT ON COLUMN status_item.org_id IS 'Null where nobody owns the number.';

CREATE TYPE status_sum AS (
    n                bigint,
    org_id           uuid,
    message_id       uuid,
    status           text,
    is_failing       boolean,
    is_refunded      boolean,
    is_charged_again boolean,
    error_code       text,
    error_message    text,
    action           text,
    unknown_code     boolean,
    wamid            text,
    pricing          json,
    sent_at          timestamptz,
    delivered_at     timestamptz,
    read_at          timestamptz,
    failed_at        timestamptz
);
COMMENT ON TYPE status_sum IS 'What is known of a message once the batch''s statuses of it are counted in.';
COMMENT ON COLUMN status_sum.n IS 'The place of the first of them.';
COMMENT ON COLUMN status_sum.status IS 'What the message becomes.';
COMMENT ON COLUMN status_sum.is_failing IS 'It fails by this batch: error_code to unknown_code tell why.';
COMMENT ON COLUMN status_sum.is_refunded IS 'By that failure.';
COMMENT ON COLUMN status_sum.is_charged_again IS 'Its refund is to be taken back, if the balance carries it.';
COMMENT ON COLUMN status_sum.wamid IS 'This and the rest: as this batch tells it.';
