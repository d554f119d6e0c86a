// The recipient picks the fault: which number asks the simulator for what. Thread-safe.
#pragma once

#include "tests/metasim/counters.h"
#include "tests/metasim/exchange.h"
#include "tests/metasim/status_plan.h"

#include <pthread.h>

enum fate_body {
    BODY_SUCCESS,    // Meta's own
    BODY_GARBAGE,    // 200, and no JSON
    BODY_WITHOUT_ID, // 200, JSON without messages[0].id
    BODY_PROXY_HTML, // a proxy's page
    BODY_EMPTY,
};

// What becomes of one post.
struct fate {
    int64_t delay_ms; // on top of the latency that is set
    enum answer_manner manner;
    enum fate_body body;
    int http_status; // of BODY_PROXY_HTML and BODY_EMPTY
    int code;        // Meta's, if it is refused or gets a status `failed`
    int subcode;     // beside it; 0: none
    bool taken;
    bool refused;                       // with Meta's error `code`; the rest does not matter then
    bool close_if_reused;               // ANSWER_CLOSE if the connection carried a request before
    bool held;                          // a template is held for quality assessment
    const struct status_plan *statuses; // NULL: no webhook ever
};

struct recipients {
    pthread_mutex_t lock;
    struct counters refusals; // so far, of each 15553 and 15556 recipient
};

void recipients_init(struct recipients *recipients);
void recipients_finish(struct recipients *recipients);
void recipients_reset(struct recipients *recipients);

// The fate of one more post to a recipient: a phone's digits, or a group's or user's id. Counts the
// refusals of 15553 and 15556 numbers. What would get a status `failed` has, as a group, a
// participant who does.
struct fate recipients_fate(struct recipients *recipients, const char *recipient, bool group);
