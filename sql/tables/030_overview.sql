-- What admin_overview adds up.

CREATE TYPE message_sum AS ( -- of an org, and of one outcome where they failed
    org_id         uuid,
    failed_for     text, -- an outcome; null: they did not fail
    day_count      bigint,
    month_count    bigint,
    day_sent       bigint,
    month_sent     bigint,
    day_refunded   bigint,
    month_refunded bigint,
    day_fees       numeric,
    month_fees     numeric,
    week_fees      numeric
);
