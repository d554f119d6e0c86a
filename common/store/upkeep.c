#include "common/store/upkeep.h"

#include "common/store/calls.h"

// What the duties go by, each by some of it.
struct task {
    int64_t age;
    struct tg_slice slice;
    const int64_t *ages_ms;
    size_t partitions;
};

static const struct tg_field slice_fields[] = {
    INT8("p_limit", task, slice.limit), INT8("p_skip", task, slice.skip), {0}};
static const struct tg_field old_fields[] = {
    INT8("p_age_s", task, age), INT8("p_limit", task, slice.limit), {0}};
static const struct tg_field key_fields[] = {
    UUID("org_id", tg_message_key, org_id), UUID("message_id", tg_message_key, message_id), {0}};
static const struct tg_field ended_fields[] = {
    UUID("org_id", tg_ended, org_id),
    UUID("message_id", tg_ended, message_id),
    BOOL("refunded", tg_ended, refunded),
    UUID_IF("released_id", tg_ended, released.message_id, released.any),
    {0},
};

static const struct tg_call release_due_sends = {
    .name = "release_due_sends", .one = slice_fields, .out = key_fields};

enum tg_pg_status tg_store_release_due_sends(struct tg_pg *pg, struct tg_slice slice,
                                             struct tg_message_key *due, size_t *n)
{
    struct task task = {.slice = slice};
    return tg_pg_call(pg, &release_due_sends, TG_ONE(&task),
                      TG_ROWS_TO(due, (size_t)slice.limit, n));
}

static const struct tg_call follow_clock = {
    .name = "follow_clock",
    .one = TG_FIELDS(INT8("p_expected_ms", task, age)),
    .out = TG_FIELDS(INT8("now_ms", tg_clock, now_ms), INT8("back_ms", tg_clock, back_ms),
                     BOOL("more", tg_clock, more)),
};

enum tg_pg_status tg_store_follow_clock(struct tg_pg *pg, int64_t expected_ms,
                                        struct tg_clock *clock)
{
    struct task task = {.age = expected_ms};
    return tg_pg_call(pg, &follow_clock, TG_ONE(&task), TG_ROWS(clock, 1));
}

static const struct tg_call next_due = {
    .name = "next_due",
    .out = TG_FIELDS(VALUE("next_due", INT8, int64_t)),
};

enum tg_pg_status tg_store_next_due(struct tg_pg *pg, int64_t *ms)
{
    return tg_pg_call(pg, &next_due, TG_ROWS(ms, 1));
}

static const struct tg_call find_lost_sends = {
    .name = "find_lost_sends",
    .one = TG_FIELDS(INT8S("p_ages_ms", task, ages_ms, partitions),
                     INT8("p_limit", task, slice.limit)),
    .out = key_fields,
};

enum tg_pg_status tg_store_find_lost_sends(struct tg_pg *pg, const int64_t *ages_ms,
                                           size_t partitions, int64_t limit,
                                           struct tg_message_key *lost, size_t *n)
{
    struct task task = {.ages_ms = ages_ms, .partitions = partitions, .slice = {.limit = limit}};
    return tg_pg_call(pg, &find_lost_sends, TG_ONE(&task), TG_ROWS_TO(lost, (size_t)limit, n));
}

// Ends messages by one of the calls below.
static enum tg_pg_status end_sends(struct tg_pg *pg, const struct tg_call *call, int64_t age,
                                   struct tg_slice slice, struct tg_ended *ended, size_t *n)
{
    struct task task = {.age = age, .slice = slice};
    return tg_pg_call(pg, call, TG_ONE(&task), TG_ROWS_TO(ended, (size_t)slice.limit, n));
}

static const struct tg_call expire_sends = {
    .name = "expire_sends", .one = slice_fields, .out = ended_fields};

enum tg_pg_status tg_store_expire_sends(struct tg_pg *pg, struct tg_slice slice,
                                        struct tg_ended *ended, size_t *n)
{
    return end_sends(pg, &expire_sends, 0, slice, ended, n);
}

static const struct tg_call unconfirm_sends = {
    .name = "unconfirm_sends",
    .one = TG_FIELDS(INT8("p_age_ms", task, age), INT8("p_limit", task, slice.limit),
                     INT8("p_skip", task, slice.skip)),
    .out = ended_fields,
};

enum tg_pg_status tg_store_unconfirm_sends(struct tg_pg *pg, int64_t age_ms, struct tg_slice slice,
                                           struct tg_ended *ended, size_t *n)
{
    return end_sends(pg, &unconfirm_sends, age_ms, slice, ended, n);
}

static const struct tg_call fail_unheard_sends = {
    .name = "fail_unheard_sends",
    .one = TG_FIELDS(INT8("p_window_s", task, age), INT8("p_limit", task, slice.limit),
                     INT8("p_skip", task, slice.skip)),
    .out = ended_fields,
};

enum tg_pg_status tg_store_fail_unheard_sends(struct tg_pg *pg, int64_t window_s,
                                              struct tg_slice slice, struct tg_ended *ended,
                                              size_t *n)
{
    return end_sends(pg, &fail_unheard_sends, window_s, slice, ended, n);
}

static const struct tg_call fail_undelivered_sends = {
    .name = "fail_undelivered_sends", .one = slice_fields, .out = ended_fields};

enum tg_pg_status tg_store_fail_undelivered_sends(struct tg_pg *pg, struct tg_slice slice,
                                                  struct tg_ended *ended, size_t *n)
{
    return end_sends(pg, &fail_undelivered_sends, 0, slice, ended, n);
}

static const struct tg_call fail_poison_sends = {
    .name = "fail_poison_sends",
    .each = TG_FIELDS(UUID("p_org_ids", tg_message_key, org_id),
                      UUID("p_message_ids", tg_message_key, message_id)),
    .out = ended_fields,
};

enum tg_pg_status tg_store_fail_poison_sends(struct tg_pg *pg,
                                             const struct tg_message_key *messages, size_t n,
                                             struct tg_ended *ended, size_t *count)
{
    return tg_pg_call(pg, &fail_poison_sends, TG_EACH(messages, n), TG_ROWS_TO(ended, n, count));
}

// Does something to rows older than that, by one of the calls below, and tells to how many.
static enum tg_pg_status do_to_old(struct tg_pg *pg, const struct tg_call *call, int64_t age_s,
                                   int64_t limit, int64_t *count)
{
    struct task task = {.age = age_s, .slice = {.limit = limit}};
    return tg_pg_call(pg, call, TG_ONE(&task), TG_ROWS(count, 1));
}

static const struct tg_call delete_idempotency_keys = {
    .name = "delete_idempotency_keys",
    .one = old_fields,
    .out = TG_FIELDS(VALUE("delete_idempotency_keys", INT8, int64_t)),
};

enum tg_pg_status tg_store_delete_idempotency_keys(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                                   int64_t *deleted)
{
    return do_to_old(pg, &delete_idempotency_keys, age_s, limit, deleted);
}

static const struct tg_call delete_events = {
    .name = "delete_events",
    .one = old_fields,
    .out = TG_FIELDS(VALUE("delete_events", INT8, int64_t)),
};

enum tg_pg_status tg_store_delete_events(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                         int64_t *deleted)
{
    return do_to_old(pg, &delete_events, age_s, limit, deleted);
}

static const struct tg_call alert_unchecked_rules = {
    .name = "alert_unchecked_rules",
    .one = TG_FIELDS(INT8("p_age_s", task, age)),
    .out = TG_FIELDS(VALUE("alert_unchecked_rules", INT8, int64_t)),
};

enum tg_pg_status tg_store_alert_unchecked_rules(struct tg_pg *pg, int64_t age_s, int64_t *raised)
{
    return do_to_old(pg, &alert_unchecked_rules, age_s, 0, raised);
}

static const struct tg_call follow_notices = {
    .name = "follow_notices",
    .one = TG_FIELDS(INT8("p_limit", task, slice.limit)),
    .out = TG_FIELDS(VALUE("follow_notices", INT8, int64_t)),
};

enum tg_pg_status tg_store_follow_notices(struct tg_pg *pg, int64_t limit, int64_t *followed)
{
    return do_to_old(pg, &follow_notices, 0, limit, followed);
}

static const struct tg_call delete_receipts = {
    .name = "delete_receipts",
    .one = old_fields,
    .out = TG_FIELDS(VALUE("delete_receipts", INT8, int64_t)),
};

enum tg_pg_status tg_store_delete_receipts(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                           int64_t *deleted)
{
    return do_to_old(pg, &delete_receipts, age_s, limit, deleted);
}

static const struct tg_call delete_sessions = {
    .name = "delete_sessions",
    .one = old_fields,
    .out = TG_FIELDS(VALUE("delete_sessions", INT8, int64_t)),
};

enum tg_pg_status tg_store_delete_sessions(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                           int64_t *deleted)
{
    return do_to_old(pg, &delete_sessions, age_s, limit, deleted);
}

static const struct tg_call delete_deliveries = {
    .name = "delete_deliveries",
    .one = old_fields,
    .out = TG_FIELDS(VALUE("delete_deliveries", INT8, int64_t)),
};

enum tg_pg_status tg_store_delete_deliveries(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                             int64_t *deleted)
{
    return do_to_old(pg, &delete_deliveries, age_s, limit, deleted);
}

static const struct tg_call delete_console_links = {
    .name = "delete_console_links",
    .one = old_fields,
    .out = TG_FIELDS(VALUE("delete_console_links", INT8, int64_t)),
};

enum tg_pg_status tg_store_delete_console_links(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                                int64_t *deleted)
{
    return do_to_old(pg, &delete_console_links, age_s, limit, deleted);
}

static const struct tg_call delete_bodies = {
    .name = "delete_bodies",
    .one = TG_FIELDS(INT8("p_limit", task, slice.limit)),
    .out = TG_FIELDS(INT8("deleted", tg_deleted_bodies, deleted),
                     BOOL("more", tg_deleted_bodies, more)),
};

enum tg_pg_status tg_store_delete_bodies(struct tg_pg *pg, int64_t limit,
                                         struct tg_deleted_bodies *done)
{
    struct task task = {.slice = {.limit = limit}};
    return tg_pg_call(pg, &delete_bodies, TG_ONE(&task), TG_ROWS(done, 1));
}

static const struct tg_field rolled_up_fields[] = {
    INT8("counted", tg_rolled_up, counted), BOOL("more", tg_rolled_up, more), {0}};

static const struct tg_call sum_ledgers = {
    .name = "sum_ledgers",
    .one = TG_FIELDS(INT8("p_limit", task, slice.limit)),
    .out = rolled_up_fields,
};

enum tg_pg_status tg_store_sum_ledgers(struct tg_pg *pg, int64_t limit, struct tg_rolled_up *done)
{
    struct task task = {.slice = {.limit = limit}};
    return tg_pg_call(pg, &sum_ledgers, TG_ONE(&task), TG_ROWS(done, 1));
}

static const struct tg_call count_usage = {
    .name = "count_usage",
    .one = TG_FIELDS(INT8("p_limit", task, slice.limit)),
    .out = rolled_up_fields,
};

enum tg_pg_status tg_store_count_usage(struct tg_pg *pg, int64_t limit, struct tg_rolled_up *done)
{
    struct task task = {.slice = {.limit = limit}};
    return tg_pg_call(pg, &count_usage, TG_ONE(&task), TG_ROWS(done, 1));
}

static const struct tg_call finish_open_erasures = {
    .name = "finish_open_erasures",
    .one = TG_FIELDS(INT8("p_limit", task, slice.limit)),
    .out = TG_FIELDS(VALUE("finish_open_erasures", INT8, int64_t)),
};

enum tg_pg_status tg_store_finish_open_erasures(struct tg_pg *pg, int64_t limit, int64_t *finished)
{
    struct task task = {.slice = {.limit = limit}};
    return tg_pg_call(pg, &finish_open_erasures, TG_ONE(&task), TG_ROWS(finished, 1));
}

static const struct tg_call take_janitor_lock = {
    .name = "take_janitor_lock",
    .out = TG_FIELDS(VALUE("take_janitor_lock", BOOL, bool)),
};

enum tg_pg_status tg_store_take_janitor_lock(struct tg_pg *pg, bool *taken)
{
    return tg_pg_call(pg, &take_janitor_lock, TG_ROWS(taken, 1));
}

const struct tg_call *const tg_upkeep_calls[] = {&release_due_sends,
                                                 &follow_clock,
                                                 &next_due,
                                                 &find_lost_sends,
                                                 &expire_sends,
                                                 &unconfirm_sends,
                                                 &fail_unheard_sends,
                                                 &fail_undelivered_sends,
                                                 &fail_poison_sends,
                                                 &delete_idempotency_keys,
                                                 &alert_unchecked_rules,
                                                 &follow_notices,
                                                 &delete_receipts,
                                                 &delete_sessions,
                                                 &delete_console_links,
                                                 &delete_deliveries,
                                                 &delete_events,
                                                 &delete_bodies,
                                                 &sum_ledgers,
                                                 &count_usage,
                                                 &finish_open_erasures,
                                                 &take_janitor_lock,
                                                 NULL};
