#include "tests/faults/follower.h"

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/http/client.h"
#include "tests/faults/hand.h"
#include "tests/system/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_S = 2, // for the next event
    ANSWER_MS = 20 * 1000,
    ANSWER_MAX = 8 * 1024 * 1024,
    AGAIN_MS = 200, // until a page whose answer was lost is asked for again
    POLL_MS = 20,
    CURSOR_SIZE = 64,
};

static const int limits[] = {3, 50, 200};

struct feed {
    int org;
    bool busy;
    bool asked_last; // the page under way was asked for when nothing was to come any more
    bool ended;
    long long again_at_ms;
    char after[CURSOR_SIZE]; // "": from the beginning
    struct tg_text seen;
};

struct follower {
    struct hand hand;
    struct tg_http *http;
    struct feed feeds[RIG_ORGS];
};

bool follower_reads(int org)
{
    return org == RIG_REPLYING || org == RIG_ORGS - 1;
}

static void ask_for_page(struct follower *follower, struct feed *feed)
{
    enum { LIMITS = sizeof limits / sizeof *limits };
    TG_TEXT_AUTO authorization = {0};
    TG_TEXT_AUTO url = {0};
    tg_text_append_format(&authorization, "Authorization: Bearer %s",
                          follower->hand.rig->orgs[feed->org].key);
    feed->busy = true;
    feed->asked_last = hand_is_closing(&follower->hand);
    tg_text_append_format(
        &url, "http://127.0.0.1:%d/api/events?limit=%d",
        follower->hand.rig->ingress_ports[draw_below(&follower->hand.draw, RIG_INGRESSES)],
        limits[draw_below(&follower->hand.draw, LIMITS)]);
    if (*feed->after)
        tg_text_append_format(&url, "&after=%s", feed->after);
    if (*feed->after && !feed->asked_last)
        tg_text_append_format(&url, "&wait=%d", WAIT_S);
    tg_http_begin(follower->http,
                  &(const struct tg_http_request){.method = "GET",
                                                  .url = tg_text_string(&url),
                                                  .headers = {tg_text_string(&authorization)},
                                                  .connect_timeout_ms = ANSWER_MS,
                                                  .timeout_ms = ANSWER_MS,
                                                  .answer_max = ANSWER_MAX,
                                                  .context = feed});
}

static void read_page(struct feed *feed, struct json_object *page)
{
    struct json_object *events = NULL;
    if (json_pointer_get(page, "/events", &events) != 0)
        return;
    size_t n = json_object_array_length(events);
    for (size_t i = 0; i < n; i++)
        tg_text_append_format(&feed->seen, "%s ",
                              json_text(json_object_array_get_idx(events, i), "/id"));
    snprintf(feed->after, sizeof feed->after, "%s", json_text(page, "/next_after"));
    feed->ended = feed->asked_last && n == 0;
}

static void take_pages(struct follower *follower)
{
    struct tg_http_answer answer;
    while (tg_http_take(follower->http, &answer)) {
        struct tg_error not_json;
        struct feed *feed = answer.context;
        struct json_object *page =
            answer.status == 200 ? tg_json_parse(answer.body.data, answer.body.length, &not_json)
                                 : NULL;
        feed->busy = false;
        if (page)
            read_page(feed, page);
        else
            feed->again_at_ms = testbed_now_ms() + AGAIN_MS;
        json_object_put(page);
    }
}

static void *run(void *argument)
{
    struct follower *follower = argument;
    for (bool all_ended = false; !all_ended;) {
        all_ended = true;
        for (int i = 0; i < RIG_ORGS; i++) {
            struct feed *feed = &follower->feeds[i];
            all_ended &= feed->ended;
            if (!feed->ended && !feed->busy && testbed_now_ms() >= feed->again_at_ms)
                ask_for_page(follower, feed);
        }
        tg_http_run(follower->http, POLL_MS);
        take_pages(follower);
    }
    return NULL;
}

// Is there a first page of each?
static bool have_begun(struct follower *follower)
{
    bool begun = true;
    for (int i = 0; i < RIG_ORGS; i++) {
        struct feed *feed = &follower->feeds[i];
        bool lacks = !feed->ended && *feed->after == '\0';
        begun &= !lacks;
        if (lacks && !feed->busy)
            ask_for_page(follower, feed);
    }
    tg_http_run(follower->http, POLL_MS);
    take_pages(follower);
    return begun;
}

struct follower *follower_open(struct rig *rig)
{
    struct follower *follower = calloc(1, sizeof *follower);
    cr_assert(follower);
    hand_init(&follower->hand, rig, 3);
    follower->http = tg_http_create(
        &(const struct tg_http_options){.calls_max = RIG_ORGS, .silence_ms = ANSWER_MS});
    for (int i = 0; i < RIG_ORGS; i++) {
        follower->feeds[i].org = i;
        follower->feeds[i].ended = !follower_reads(i);
    }
    eventually(have_begun(follower));
    hand_start(&follower->hand, run, follower);
    return follower;
}

void follower_close(struct follower *follower)
{
    hand_stop(&follower->hand);
    tg_http_destroy(follower->http);
}

const char *follower_seen(const struct follower *follower, int org)
{
    return tg_text_string(&follower->feeds[org].seen);
}
