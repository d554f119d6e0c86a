// The way of a request from its bytes to its handler, with endpoints of this test's own: the server
// and the router run in the test's process, on a real database.
#include "common/limits.h"
#include "tests/system/door.h"
#include "tests/system/org.h"
#include "tests/system/raw.h"

#include <string.h>
#include <unistd.h>

TestSuite(door, .timeout = 120);

// Its database alone, and a client: what orgs and their requests want.
static struct gateway gateway;
static const char *url;

static struct door *given_door(void)
{
    int port = testbed_port();
    gateway.database = database_create();
    struct door *door = door_open(database_url(gateway.database, "tollgate_ingress"), port);
    url = text_of("http://127.0.0.1:%d", port);
    gateway.http = http_open(url);
    return door;
}

static void close_door(struct door *door)
{
    door_close(door);
    database_drop(gateway.database);
}

// From now on a look-up of a key waits, until the lock is let go.
static void hold_look_ups(void)
{
    (void)database_text(gateway.database, "BEGIN; LOCK TABLE api_keys");
}

static void let_look_ups_go(void)
{
    (void)database_text(gateway.database, "COMMIT");
}

static bool look_up_waits(void)
{
    (void)database_text(gateway.database, "SELECT pg_stat_clear_snapshot()");
    return database_number(gateway.database,
                           "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                           "current_database() AND wait_event_type = 'Lock'") > 0;
}

static void expect_thread(const struct org *org, const char *path, bool pool)
{
    struct answer answer = get(org, path);
    cr_assert_eq(answer.status, 200, "%s: %d %s", path, answer.status, answer.body);
    expect_equal(answer_text(&answer, "/pool"), pool ? "true" : "false");
    expect_equal(answer_text(&answer, "/pg"), pool ? "true" : "false");
    expect_equal(answer_text(&answer, "/org"), org->id);
}

Test(door, a_handler_runs_on_its_thread_whether_the_key_is_known_or_not)
{
    struct door *door = given_door();
    struct org orgs[] = {given_org(&gateway), given_org(&gateway)};
    for (int i = 0; i < 2; i++) {
        expect_thread(&orgs[0], "/server", false);
        expect_thread(&orgs[1], "/database", true);
    }
    expect_thread(&orgs[1], "/server", false);
    expect_thread(&orgs[0], "/database", true);
    struct answer answer = ask(gateway.http, .path = "/meta");
    expect_equal(answer_text(&answer, "/pool"), "false");
    answer = ask(gateway.http, .path = "/meta", .method = "POST");
    expect_equal(answer_text(&answer, "/pool"), "true");
    close_door(door);
}

enum { ASKERS = 20 };

struct watch {
    struct door *door;
    const struct org *other;
    bool let_go;
};

// Once all are there: one look-up waits, and the pool has time for others.
static void ask_beside(size_t ended, void *context)
{
    struct watch *watch = context;
    if (watch->let_go || door_begun(watch->door) < 1 + ASKERS || !look_up_waits())
        return;
    cr_assert_eq(ended, 0);
    expect_thread(watch->other, "/database", true);
    watch->let_go = true;
    let_look_ups_go();
}

static void expect_one_look_up(const char *path, bool known)
{
    struct door *door = given_door();
    struct org other = given_org(&gateway);
    struct org org = given_org(&gateway);
    struct http_request requests[ASKERS];
    struct answer answers[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        requests[i] = (struct http_request){.path = path, .key = known ? org.key : "tg_unknown"};
    expect_thread(&other, "/server", false);
    hold_look_ups();

    http_ask_all(url, requests, ASKERS, answers, ask_beside,
                 &(struct watch){.door = door, .other = &other});

    for (int i = 0; i < ASKERS; i++) {
        cr_assert_eq(answers[i].status, known ? 200 : 401, "%d %s", answers[i].status,
                     answers[i].body);
        if (known)
            expect_equal(answer_text(&answers[i], "/org"), org.id);
        else
            expect_equal(answer_header(&answers[i], "WWW-Authenticate"), "Bearer");
    }
    close_door(door);
}

Test(door, many_requests_with_one_new_key_look_it_up_once_for_the_server)
{
    expect_one_look_up("/server", true);
}

Test(door, many_requests_with_one_new_key_look_it_up_once_for_the_database)
{
    expect_one_look_up("/database", true);
}

enum { ORGS = 3, KEYS = 3 * TG_LOOK_UPS_AT_ONCE };

static void let_go_once_all_wait(size_t ended, void *context)
{
    struct watch *watch = context;
    if (watch->let_go || door_begun(watch->door) < KEYS || !look_up_waits())
        return;
    cr_assert_eq(ended, 0);
    watch->let_go = true;
    let_look_ups_go();
}

// Of every four keys three are an org's, and one is nobody's.
Test(door, keys_that_are_looked_up_together_are_each_one_s_own)
{
    struct door *door = given_door();
    struct http_request requests[KEYS];
    struct answer answers[KEYS];
    struct org orgs[ORGS];
    for (int i = 0; i < ORGS; i++)
        orgs[i] = given_org(&gateway);
    for (int i = 0; i < KEYS; i++)
        requests[i] = (struct http_request){
            .path = "/server",
            .key = i % 4 == ORGS
                       ? text_of("tg_nobody_s_%d", i)
                       : database_text(gateway.database, "SELECT create_api_key('%s', 'key %d')",
                                       orgs[i % 4].id, i)};
    hold_look_ups();

    http_ask_all(url, requests, KEYS, answers, let_go_once_all_wait, &(struct watch){.door = door});

    for (int i = 0; i < KEYS; i++) {
        cr_assert_eq(answers[i].status, i % 4 == ORGS ? 401 : 200, "%d: %d %s", i,
                     answers[i].status, answers[i].body);
        if (i % 4 != ORGS)
            expect_equal(answer_text(&answers[i], "/org"), orgs[i % 4].id);
    }
    close_door(door);
}

// Sends a request and returns its connection.
static int ask_and_stay(const struct org *org)
{
    int connection = raw_connect(url);
    cr_assert(raw_printf(connection,
                         "POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                         "Authorization: Bearer %s\r\n\r\nx",
                         org->key));
    return connection;
}

Test(door, who_goes_while_the_key_is_looked_up_does_not_keep_the_server_from_stopping)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    hold_look_ups();
    int connections[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        connections[i] = ask_and_stay(&org);
    eventually(look_up_waits());
    for (int i = 0; i < ASKERS; i++)
        close(connections[i]);
    let_look_ups_go();
    close_door(door);
}

Test(door, many_requests_with_one_unknown_key_look_it_up_once)
{
    expect_one_look_up("/database", false);
}

static void close_pool_meanwhile(size_t ended, void *context)
{
    struct watch *watch = context;
    if (watch->let_go || door_begun(watch->door) < 4 || !look_up_waits())
        return;
    cr_assert_eq(ended, 0);
    door_close_pool(watch->door);
    watch->let_go = true;
    let_look_ups_go();
}

// Whoever waits for a look-up that was taken goes on, as far as no database is needed.
Test(door, what_was_taken_is_answered_though_the_pool_is_closed)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    const struct http_request requests[] = {{.path = "/server", .key = org.key},
                                            {.path = "/server", .key = org.key},
                                            {.path = "/raw", .key = org.key, .body = "x"},
                                            {.path = "/database", .key = org.key}};
    struct answer answers[4];
    hold_look_ups();

    http_ask_all(url, requests, 4, answers, close_pool_meanwhile, &(struct watch){.door = door});

    for (int i = 0; i < 3; i++)
        cr_assert_eq(answers[i].status, 200, "%d %s", answers[i].status, answers[i].body);
    expect_refused(&answers[3], 503, "overloaded", NULL);
    struct answer late = get(&org, "/database");
    expect_refused(&late, 503, "overloaded", NULL);
    close_door(door);
}

// Nothing is kept of a body before its key is known: it waits where it is.
Test(door, a_body_is_not_read_while_the_key_is_looked_up)
{
    static char large[DOOR_FILE_MAX];
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    int connections[2];
    hold_look_ups();
    for (int i = 0; i < 2; i++) {
        connections[i] = raw_connect(url);
        cr_assert(raw_printf(connections[i],
                             "POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
                             "Authorization: Bearer %s\r\n\r\n",
                             DOOR_FILE_MAX, i == 0 ? org.key : "tg_unknown"));
    }
    eventually(door_begun(door) == 2 && look_up_waits());
    cr_assert_eq(raw_write_some(connections[0], large, sizeof large) < sizeof large, true);
    let_look_ups_go();
    cr_assert_eq(strncmp(raw_read_answer(connections[1]), "HTTP/1.1 401", 12), 0);
    close_door(door);
}

// For a second or two what is unknown stays so, and costs no query.
Test(door, an_unknown_key_is_remembered_and_works_once_it_is_one)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    for (int i = 0; i < 3; i++) {
        struct answer answer = ask(gateway.http, .path = "/server", .key = "tg_later");
        expect_refused(&answer, 401, "unauthorized", "Authorization");
        if (i == 0)
            hold_look_ups();
    }
    let_look_ups_go();
    (void)database_text(gateway.database,
                        "INSERT INTO api_keys (org_id, name, key_hash) "
                        "VALUES ('%s', 'later', sha256('tg_later'))",
                        org.id);
    eventually(ask(gateway.http, .path = "/server", .key = "tg_later").status == 200);
    close_door(door);
}

Test(door, a_right_that_a_key_has_not_is_missing)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    for (int i = 0; i < 2; i++) { // first by look-up
        struct answer answer = get(&org, "/forbidden");
        cr_assert_eq(answer.status, 403, "%s", answer.body);
        expect_equal(answer_text(&answer, "/code"), "missing_right");
        expect_equal(answer_text(&answer, "/detail/right"), "manage");
    }
    close_door(door);
}

Test(door, what_an_endpoint_names_of_a_request_is_there_on_any_thread)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    struct answer answer = ask(gateway.http, .path = "/values/a%20b/and/two?q=%C3%BC%26&q=2",
                               .key = org.key, .headers = {"X-One: 1", "x-one: 2", "X-Two:"});
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/first"), "a b");
    expect_equal(answer_text(&answer, "/second"), "two");
    expect_equal(answer_text(&answer, "/X-One"), "1");
    expect_equal(answer_text(&answer, "/count"), "2");
    expect_equal(answer_text(&answer, "/third"), "");
    expect_equal(answer_text(&answer, "/X-Three"), "");
    expect_equal(answer_text(&answer, "/q"), "\xc3\xbc&");
    expect_equal(answer_text(&answer, "/none"), "");
    for (int i = 0; i < DOOR_ANSWER_HEADERS; i++)
        expect_equal(answer_header(&answer, text_of("X-Answer-%d", i)), text_of("value %d", i));
    answer = ask(gateway.http, .path = "/meta", .method = "DELETE");
    expect_refused(&answer, 405, "method_not_allowed", "method");
    expect_equal(answer_header(&answer, "Allow"), "GET, POST");
    close_door(door);
}

Test(door, a_body_must_be_of_its_endpoint_s_kind)
{
    static const struct {
        const char *path;
        const char *content_type;
        int status;
    } cases[] = {
        {"/json", "application/json", 200},
        {"/json", "application/x-www-form-urlencoded", 415},
        {"/form", "application/x-www-form-urlencoded", 200},
        {"/form", "Application/X-WWW-Form-URLencoded; charset=utf-8", 200},
        {"/form", "application/json", 415},
        {"/form", "", 415},
        {"/raw", "application/json", 200},
        {"/raw", "", 200},
        {"/file", "image/png", 200},
        {"/file", "", 200},
        {"/meta", "application/json", 400},
    };
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = ask(gateway.http, .path = cases[i].path, .key = org.key,
                                   .body = "to=1", .content_type = cases[i].content_type);
        cr_assert_eq(answer.status, cases[i].status, "%zu: %d %s", i, answer.status, answer.body);
        if (answer.status == 415)
            expect_refused(&answer, 415, "unsupported_media_type", "Content-Type");
        if (answer.status == 400)
            expect_refused(&answer, 400, "unexpected_body", "body");
    }
    close_door(door);
}

Test(door, a_form_is_read)
{
    static const char type[] = "application/x-www-form-urlencoded";
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    struct answer answer =
        ask(gateway.http, .path = "/form", .key = org.key,
            .body = "to=%2B91+98765&text=%7B%22body%22%3A1%7D", .content_type = type);
    expect_equal(answer_text(&answer, "/to"), "+91 98765");
    expect_equal(answer_text(&answer, "/text"), "{\"body\":1}");
    answer =
        ask(gateway.http, .path = "/form", .key = org.key, .body = "to=%", .content_type = type);
    expect_refused(&answer, 400, "invalid_form", "body");
    char *large = text_of("to=%0*d", DOOR_FORM_MAX, 0);
    answer =
        ask(gateway.http, .path = "/form", .key = org.key, .body = large, .content_type = type);
    expect_refused(&answer, 413, "body_too_large", "body");
    close_door(door);
}

Test(door, a_file_goes_to_disk_and_has_its_bound)
{
    static char file[DOOR_FILE_MAX];
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    unsigned long sum = 0;
    for (size_t i = 0; i < DOOR_FILE_MAX; i++) {
        file[i] = (char)(i * 7 % 251);
        sum += (unsigned char)file[i];
    }
    // Once by look-up of its key, once without.
    for (int i = 0; i < 2; i++) {
        struct answer answer = ask(gateway.http, .path = "/file", .key = org.key, .body = file,
                                   .body_length = DOOR_FILE_MAX);
        cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
        expect_equal(answer_text(&answer, "/file"), text_of("%d", DOOR_FILE_MAX));
        expect_equal(answer_text(&answer, "/memory"), "0");
        expect_equal(answer_text(&answer, "/sum"), text_of("%lu", sum));
    }
    // Refused by its head, and not read: who went on to send it might find the connection gone.
    int connection = raw_connect(url);
    cr_assert(raw_printf(connection,
                         "POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
                         "Authorization: Bearer %s\r\n\r\n",
                         DOOR_FILE_MAX + 1, org.key));
    const char *refusal = raw_read_answer(connection);
    cr_assert_eq(strncmp(refusal, "HTTP/1.1 413", 12), 0, "%s", refusal);
    cr_assert(strstr(refusal, "body_too_large"), "%s", refusal);
    close_door(door);
}

Test(door, what_is_signed_stays_as_it_came)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    struct answer answer = ask(gateway.http, .path = "/raw", .key = org.key, .body = "\xff\0\x01",
                               .body_length = 3, .content_type = "");
    expect_equal(answer_text(&answer, "/memory"), "3");
    expect_equal(answer_text(&answer, "/sum"), "256");
    close_door(door);
}
