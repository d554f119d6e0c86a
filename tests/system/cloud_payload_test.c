// The request bodies of Meta's own description, and those that nobody should send, through
// `payload`.
#include "tests/system/org.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

TestSuite(cloud_payload, .timeout = 120);

enum { GOOD = 49, BAD = 26 };

static int is_json_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".json") == 0;
}

static int list(const char *directory, struct dirent ***entries)
{
    int n = scandir(directory, entries, is_json_file, alphasort);
    cr_assert(n >= 0, "%s cannot be read", directory);
    return n;
}

// {"payload": <the file>}, where every placeholder {{...}} is a phone number.
static const char *payload_of(const char *directory, const char *name)
{
    const char *file = file_text(text_of("%s/%s", directory, name), NULL);
    cr_assert(file, "%s/%s", directory, name);
    const char *filled = "";
    for (const char *start; (start = strstr(file, "{{")); file = strstr(start, "}}") + 2)
        filled = text_of("%s%.*s919876543210", filled, (int)(start - file), file);
    return text_of("{\"payload\": %s%s}", filled, file);
}

Test(cloud_payload, every_example_of_meta_is_accepted_and_sent)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *directory = text_of("%s/meta/sends", testbed_shared_directory());
    struct dirent **entries = NULL;
    int n = list(directory, &entries);
    cr_assert_eq(n, GOOD);

    for (int i = 0; i < n; i++) {
        struct answer answer = send_body(&org, payload_of(directory, entries[i]->d_name));
        cr_assert_eq(answer.status, 202, "%s: %d %s", entries[i]->d_name, answer.status,
                     answer.body);
    }

    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(type || ' ' || concat_ws(' ', error_code, "
                               "error_message), ', ') FROM messages WHERE status <> 'sent'"),
                 "");
    cr_assert_eq(org_messages(&org, "sent"), GOOD);
    // A receipt is no message: it costs nothing.
    cr_assert_eq(simulator_stat(gateway->simulator, "taken"), GOOD - 1);
    cr_assert_eq(simulator_stat(gateway->simulator, "receipts"), 1);
    expect_equal(org_balance(&org), "90.40");
    stop_gateway(gateway);
}

Test(cloud_payload, what_meta_would_refuse_is_refused_before_it_costs_anything)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *directory = text_of("%s/meta/sends/bad", testbed_shared_directory());
    struct dirent **entries = NULL;
    int n = list(directory, &entries);
    cr_assert_eq(n, BAD);

    for (int i = 0; i < n; i++) {
        struct answer answer = send_body(&org, payload_of(directory, entries[i]->d_name));
        const char *field = answer_text(&answer, "/detail/field");
        cr_assert(answer.status == 400 && strncmp(field, "payload", strlen("payload")) == 0,
                  "%s: %d %s", entries[i]->d_name, answer.status, answer.body);
        cr_assert(!answer.fresh || i == 0, "%s: the connection was lost", entries[i]->d_name);
    }

    expect_equal(org_balance(&org), "100.00");
    expect_equal(org_ledger(&org), "adjustment 100.00");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages"), 0);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert(answer.status == 200 && !answer.fresh);
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}
