// Who comes as to Meta's API: the ways in, and the words in which they are refused. The server and
// the router run in the test's process, with endpoints of this test's own.
#include "tests/system/door.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(cloud_door, .timeout = 120);

#define FORM "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=x"
#define PART(name, value)                                                                          \
    "--x\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static struct gateway gateway;

static struct door *given_door(void)
{
    int port = testbed_port();
    gateway.database = database_create();
    struct door *door = door_open(database_url(gateway.database, "tollgate_ingress"), port);
    gateway.http = http_open(text_of("http://127.0.0.1:%d", port));
    return door;
}

static void close_door(struct door *door)
{
    door_close(door);
    database_drop(gateway.database);
}

// Where a key may stand.
static const struct way {
    const char *path;
    const char *header;
    const char *type;
    const char *body;
} ways[] = {
    {"/v23.0/100/things", "Authorization: Bearer KEY", FORM, "to=1"},
    {"/v23.0/100/things/", "authorization: oauth KEY", FORM, "to=1"},
    {"/v23.0/100/things?access_token=KEY", "X-No: key", FORM, "to=1"},
    {"/100/things/?access_token=KEY", "X-No: key", PARTS, PART("to", "1") "--x--"},
    {"/v23/100/things", "X-No: key", FORM, "to=1&access_token=KEY"},
    {"/v23/100/things?", "X-No: key", PARTS, PART("access_token", "KEY") PART("to", "1") "--x--"},
    {"/100/things?pretty=1", "Authorization: OAuth KEY ", "application/json", "1"},
    {"/100/things?", "Authorization: Bearer KEY", "", "1"},
    // The header counts, whatever stands elsewhere.
    {"/100/things?access_token=wrong", "Authorization: Bearer KEY", FORM,
     "to=1&access_token=wrong"},
};
enum { WAYS = sizeof ways / sizeof *ways };

static const char *with_key(const char *text, const char *key)
{
    const char *at = strstr(text, "KEY");
    return at ? text_of("%.*s%s%s", (int)(at - text), text, key, at + 3) : text;
}

static struct answer come_with(const struct way *way, const char *key)
{
    return ask(gateway.http, .path = with_key(way->path, key), .content_type = way->type,
               .body = with_key(way->body, key), .headers = {with_key(way->header, key)});
}

Test(cloud_door, is_opened_by_a_key_wherever_meta_s_token_may_stand)
{
    struct door *door = given_door();
    for (int i = 0; i < WAYS; i++) {
        struct org org = given_org(&gateway); // whose key nobody knows yet
        for (int twice = 0; twice < 2; twice++) {
            struct answer answer = come_with(&ways[i], org.key);
            cr_assert_eq(answer.status, 200, "%d: %d %s", i, answer.status, answer.body);
            expect_equal(answer_text(&answer, "/org"), org.id);
            expect_equal(answer_text(&answer, "/phone_number_id"), "100");
            expect_equal(answer_text(&answer, "/to"), "1");
            const char *version = strncmp(ways[i].path, "/v23.0", 6) == 0 ? "v23.0"
                                  : strncmp(ways[i].path, "/v23", 4) == 0 ? "v23"
                                                                          : "";
            expect_equal(answer_text(&answer, "/version"), version);
            expect_equal(answer_header(&answer, "facebook-api-version"), version);
        }
    }
    close_door(door);
}

#define expect_error(answer, status, code) expect_error_at(HERE, answer, status, code)
static void expect_error_at(const char *here, const struct answer *answer, int status,
                            const char *code)
{
    static const char *const headers[] = {"x-fb-trace-id", "x-fb-request-id", "x-fb-rev",
                                          "x-fb-debug",    "x-app-usage",     NULL};
    cr_assert(answer->status == status && strcmp(answer_text(answer, "/error/code"), code) == 0,
              "%s: %d %s", here, answer->status, answer->body);
    cr_assert(*answer_text(answer, "/error/message") && *answer_text(answer, "/error/type"));
    for (const char *const *header = headers; *header; header++)
        cr_assert(*answer_header(answer, *header), "%s: %s", here, *header);
    expect_equal(answer_header(answer, "x-fb-request-id"),
                 answer_text(answer, "/error/fbtrace_id"));
    bool unauthorized = strncmp(answer_header(answer, "WWW-Authenticate"), "OAuth \"", 7) == 0;
    cr_assert_eq(unauthorized, status == 401, "%s", here);
}

Test(cloud_door, is_not_opened_by_anything_else)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    const char *cookie = database_text(
        gateway.database, "SELECT token FROM open_session('%s', '{send,read}', 'test')", org.id);
    for (int i = 0; i < WAYS; i++) {
        for (int twice = 0; twice < 2; twice++) {
            struct answer answer = come_with(&ways[i], twice ? "" : "tg_wrong");
            expect_error(&answer, 401, "190");
        }
    }
    const char *const others[] = {
        "X-No: key",
        text_of("Authorization: Basic %s", org.key),
        text_of("Authorization: %s", org.key),
        text_of("Authorization: OAuth%s", org.key),
        text_of("Cookie: __Host-tollgate=%s", cookie),
    };
    static const char *const types[] = {"application/json", FORM, PARTS};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        for (size_t n = 0; n < 3; n++) {
            struct answer answer =
                ask(gateway.http, .path = "/v23.0/100/things", .content_type = types[n],
                    .body = text_of("{\"access_token\": \"%s\"}", org.key), .headers = {others[i]});
            expect_error(&answer, 401, "190");
        }
    }
    struct answer answer = ask(gateway.http, .path = "/v23.0/100/things", .body = "1",
                               .headers = {text_of("Authorization: Bearer %s", org.key),
                                           text_of("Authorization: OAuth %s", org.key)});
    expect_error(&answer, 400, "100");
    close_door(door);
}

Test(cloud_door, refuses_as_meta_does)
{
    struct door *door = given_door();
    struct org org = given_org(&gateway);
    const char *long_body = text_of("%0*d", DOOR_FORM_MAX + 1, 0);
    const char *long_form = text_of("access_token=%s&to=%s", org.key, long_body);
    static const char things[] = "/v23.0/100/things";
    const struct {
        const char *method;
        const char *path;
        const char *type;
        const char *body;
        int status;
        const char *code;
        bool keyless;
    } cases[] = {
        {"POST", things, FORM, long_body, 413, "100", false},
        {"POST", things, FORM, long_form, 413, "100", true},
        {"POST", things, "text/plain", "to=1", 400, "100", false},
        {"POST", things, FORM, "to=%", 400, "100", false},
        {"POST", things, "multipart/form-data", "to=1", 400, "100", false},
        {"PUT", things, FORM, "to=1", 400, "100", false},
        {"POST", "/v23.0/404/things", FORM, "to=1", 400, "100", false},
        {"GET", "/v23.0/100", NULL, NULL, 403, "10", false},
        {"GET", "/100/", NULL, NULL, 403, "10", false},
        {"GET", "/v23.0/100/other", NULL, NULL, 404, "2500", false},
        {"POST", "/v23.0/me/things", FORM, "to=1", 404, "2500", true},
        {"GET", "/v23.0", NULL, NULL, 404, "2500", true},
        {"DELETE", "/100/things/1", NULL, NULL, 404, "2500", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = ask(gateway.http, .method = cases[i].method, .path = cases[i].path,
                                   .content_type = cases[i].type, .body = cases[i].body,
                                   .key = cases[i].keyless ? NULL : org.key);
        expect_error_at(text_of("%s %s", cases[i].method, cases[i].path), &answer, cases[i].status,
                        cases[i].code);
    }
    struct answer answer = ask(gateway.http, .path = "/404/things", .body = "1", .key = org.key);
    expect_equal(answer_text(&answer, "/error/error_subcode"), "33");
    expect_equal(answer_text(&answer, "/error/type"), "GraphMethodException");
    cr_assert(strstr(answer.body, "Object with ID '404' does not exist"), "%s", answer.body);
    close_door(door);
}

// What is no path of Meta's is answered in our own words, and what is one has nothing of theirs.
Test(cloud_door, is_not_in_the_way_of_others)
{
    struct door *door = given_door();
    static const char *const paths[] = {"/api/x", "/admin/100", "/docs", "/openapi.json",
                                        "/",      "/console/1", "/vx/1", "/server"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer answer = ask(gateway.http, .path = paths[i]);
        bool there = strcmp(paths[i], "/server") == 0;
        expect_refused(&answer, there ? 401 : 404, there ? "unauthorized" : "not_found",
                       there ? "Authorization" : "path");
        expect_equal(answer_header(&answer, "x-fb-trace-id"), "");
    }
    struct org org = given_org(&gateway);
    struct answer answer = ask(gateway.http, .path = text_of("/server?access_token=%s", org.key));
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    answer = ask(gateway.http, .path = "/server",
                 .headers = {text_of("Authorization: OAuth %s", org.key)});
    expect_refused(&answer, 401, "unauthorized", "Authorization");
    close_door(door);
}
