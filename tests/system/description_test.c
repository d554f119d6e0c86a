// What an ingress tells of itself: /openapi.json, /docs, docs/errors.md.
#include "tests/system/browser.h"
#include "tests/system/desk.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(description, .timeout = 120);

static const char *printed(const char *option)
{
    struct command_result result =
        command_run(WORDS(testbed_daemon("tollgate-ingress"), option), NULL);
    cr_assert(result.status == 0 && !*result.errors, "%s: %s", option, result.errors);
    return result.output;
}

Test(description, is_of_every_endpoint)
{
    (void)printed("--openapi");
    (void)printed("--openapi-admin");
}

Test(description, tells_every_error_in_docs)
{
    const char *page = file_text(TOLLGATE_SOURCE_DIR "/docs/errors.md", NULL);
    cr_assert(page && strcmp(page, printed("--errors")) == 0,
              "tollgate-ingress --errors > docs/errors.md makes it");
}

// The same, but for blanks.
static void expect_told(struct http *http, const char *option)
{
    struct answer answer = ask(http, .path = "/openapi.json");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert(json_object_equal(answer.json, json_tokener_parse(printed(option))), "%s", option);
    answer = ask(http, .path = "/docs");
    cr_assert_eq(answer.status, 200);
    cr_assert(strstr(answer_header(&answer, "Content-Security-Policy"), "default-src 'none'"));
    cr_assert_eq(ask(http, .path = "/docs/docs.css").status, 200);
    cr_assert_eq(ask(http, .path = "/docs/docs.js").status, 200);
}

Test(description, is_told_by_each_listener)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .desk = true);
    expect_told(gateway->http, "--openapi");
    expect_told(desk_of(gateway), "--openapi-admin");
    stop_gateway(gateway);
}

Test(description, is_not_told_where_a_setting_says_so)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_DOCS=no"});
    cr_assert_eq(ask(gateway->http, .path = "/openapi.json").status, 404);
    cr_assert_eq(ask(gateway->http, .path = "/docs").status, 404);
    cr_assert_eq(ask(desk_of(gateway), .path = "/openapi.json").status, 404);
    stop_gateway(gateway);
}

// A person reads it, and looks for something.
Test(description, is_a_page_with_a_search)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct browser *browser = browser_start(NULL);
    struct tab page = tab_open(browser, text_of("%s/docs", gateway->ingress.url));
    expect_equal(tab_text(&page, "document.title"), "Tollgate");
    expect_equal(
        tab_text(&page, "getComputedStyle(document.querySelector('nav ul')).listStyleType"),
        "none");
    cr_assert(tab_shows(&page, "document.querySelectorAll('main article').length > 30 && "
                               "[...document.querySelectorAll('nav a')].every(a => "
                               "document.getElementById(a.hash.slice(1)))"));
    (void)tab_run(&page, "search.value = 'CANCELS refunds';"
                         "search.dispatchEvent(new Event('input'))");
    expect_equal(tab_text(&page, "[...document.querySelectorAll('main article')]"
                                 ".filter(one => one.checkVisibility()).map(one => one.id).join()"),
                 "deleteapimessagesid");
    (void)tab_run(&page, "search.value = 'xyzzy'; search.dispatchEvent(new Event('input'))");
    cr_assert(tab_shows(&page, "!document.getElementById('nothing').hidden"));
    // Nothing came from anywhere else.
    expect_equal(tab_text(&page, "[...new Set(performance.getEntriesByType('resource')"
                                 ".map(one => new URL(one.name).origin))].join()"),
                 gateway->ingress.url);
    browser_stop(browser);
    stop_gateway(gateway);
}
