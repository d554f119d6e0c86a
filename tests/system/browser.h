// A real browser: Chromium without a screen, led over a pipe by its DevTools protocol. What pages
// do in it they do on somebody's desk, with origins, preflights, cookies and all.
//
//     struct browser *browser = browser_start(NULL);
//     struct tab shop = tab_open(browser, "http://127.0.0.1:1234/shop.html");
//     struct json_object *answer = tab_run(&shop, "wallet('%s')", key);
//     ...
//     browser_stop(browser);
//
// It finds 127.0.0.1, localhost and names under .example, all on this machine, and nothing else; it
// calls nobody by itself. Where it is not installed, the test fails.
#pragma once

#include "tests/system/testbed.h"

#include <json-c/json.h>

struct browser;

// `certificate`: a file in PEM, whose first certificate is believed of servers though no authority
// is known; NULL: none is.
struct browser *browser_start(const char *certificate);
// Waits until none of its processes is left, whatever they were at.
void browser_stop(struct browser *browser);

// A tab, with what stands in it.
struct tab {
    struct browser *browser;
    const char *session;
};

// In a new tab, as if somebody had typed the address; waits until all of it is there.
struct tab tab_open(struct browser *browser, const char *url);

// The value of an expression of JavaScript in the page, put together by printf; a promise is waited
// for. What it throws fails the test.
struct json_object *tab_run(const struct tab *tab, const char *script, ...) TG_PRINTF(2, 3);
// The same, of a text.
const char *tab_text(const struct tab *tab, const char *script, ...) TG_PRINTF(2, 3);

// Is the expression true? In a page that is just being left, or that has none of what it names, it
// is not: to be waited for.
bool tab_shows(const struct tab *tab, const char *script);
