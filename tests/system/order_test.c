// Messages to one contact over one channel leave in the order in which they were accepted, however
// many workers there are and whatever happens to one of them.
#include "tests/system/org.h"

#include <string.h>

TestSuite(order, .timeout = 180);

enum { LINE_MAX_LENGTH = 40 };

static void accept_line(const struct org *org, const char *phone, const char **ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct answer answer = send_text(org, phone);
        ids[i] = expect_accepted_as(HERE, &answer, i == 0 ? "queued" : "held");
    }
}

// The first one was posted so often, each other one once, in their order.
static void expect_posts(struct gateway *gateway, const char *phone, const char **ids, size_t n,
                         size_t first_times)
{
    eventually_within(60, database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    cr_assert_eq(simulator_posts_to(gateway->simulator, phone), (long)(n + first_times - 1));
    for (size_t i = 0; i < n + first_times - 1; i++)
        expect_equal(simulator_post_at(gateway->simulator, phone, i),
                     i < first_times ? ids[0] : ids[i - first_times + 1]);
}

Test(order, is_kept_with_two_workers)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[LINE_MAX_LENGTH];
    accept_line(&org, "919876543210", ids, LINE_MAX_LENGTH);

    (void)start_worker(gateway);
    (void)start_worker(gateway);

    expect_posts(gateway, "919876543210", ids, LINE_MAX_LENGTH, 1);
    cr_assert_eq(org_messages(&org, "sent"), LINE_MAX_LENGTH);
    stop_gateway(gateway);
}

Test(order, is_kept_when_the_first_is_tried_again)
{
    enum { LENGTH = 6 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[LENGTH];
    accept_line(&org, "15553000002", ids, LENGTH);

    (void)start_worker(gateway);
    (void)start_worker(gateway);

    expect_posts(gateway, "15553000002", ids, LENGTH, 3);
    cr_assert_eq(org_messages(&org, "sent"), LENGTH);
    stop_gateway(gateway);
}

Test(order, holds_nobody_else_up)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[3];
    accept_line(&org, "15553000009", ids, 3);
    struct answer answer = send_text(&org, "919876543210");
    const char *other = expect_accepted(&answer);
    (void)start_worker(gateway);
    expect_ends(gateway, other, "sent");
    eventually(strcmp(message_state(gateway, ids[0]), "scheduled") == 0);
    expect_equal(message_state(gateway, ids[1]), "held");
    expect_equal(message_state(gateway, ids[2]), "held");
    stop_gateway(gateway);
}

Test(order, goes_on_behind_what_is_never_answered)
{
    enum { LENGTH = 3 };
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_GRAPH_TIMEOUT_MS=1000"},
                                            .without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[LENGTH];
    accept_line(&org, "15552000001", ids, LENGTH);

    (void)start_worker(gateway);

    expect_posts(gateway, "15552000001", ids, LENGTH, 1);
    for (size_t i = 0; i < LENGTH; i++)
        expect_ends(gateway, ids[i], "unconfirmed network:after_write");
    stop_gateway(gateway);
}

static const struct {
    const char *phone;
    const char *state;
} ends[] = {
    {"15552000007", "unconfirmed http:5xx"},
    {"15550131026", "failed 131026"},
};

Test(order, goes_on_behind_what_is_unconfirmed_or_has_failed)
{
    enum { LINES = sizeof ends / sizeof *ends, LENGTH = 3 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[LINES][LENGTH];
    for (size_t i = 0; i < LINES; i++)
        accept_line(&org, ends[i].phone, ids[i], LENGTH);

    (void)start_worker(gateway);

    for (size_t i = 0; i < LINES; i++) {
        expect_posts(gateway, ends[i].phone, ids[i], LENGTH, 1);
        for (size_t j = 0; j < LENGTH; j++)
            expect_ends(gateway, ids[i][j], ends[i].state);
    }
    stop_gateway(gateway);
}
