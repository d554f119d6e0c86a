#include "tests/metasim/recipients.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX_DIGITS = 5, NUMBER_DIGITS = 6, CODE_SOMETHING_WENT_WRONG = 131000 };

// What takes Meta hours takes the simulator so many gaps.
enum { LATE = 20 };

static const struct status_plan usual = {
    .steps = {{STATUS_SENT, 1}, {STATUS_DELIVERED, 2}, {STATUS_READ, 5}}};
static const struct status_plan unread = {.steps = {{STATUS_SENT, 1}, {STATUS_DELIVERED, 2}}};
static const struct status_plan failed = {.steps = {{STATUS_FAILED, 1}}};
static const struct status_plan failed_then_delivered = {
    .steps = {{STATUS_FAILED, 1}, {STATUS_DELIVERED, 2}}};
static const struct status_plan before_answer = {
    .steps = {{STATUS_SENT, 0}, {STATUS_DELIVERED, 0}, {STATUS_READ, 0}}, .before_answer = true};
static const struct status_plan each_twice = {.steps = {{STATUS_SENT, 1},
                                                        {STATUS_SENT, 1},
                                                        {STATUS_DELIVERED, 2},
                                                        {STATUS_DELIVERED, 2},
                                                        {STATUS_READ, 5},
                                                        {STATUS_READ, 5}}};
// All three have happened by the time of the first.
static const struct status_plan wrong_order = {
    .steps = {{STATUS_READ, 5}, {STATUS_DELIVERED, 5}, {STATUS_SENT, 5}}, .happened = {5, 2, 1}};
static const struct status_plan failed_late = {.steps = {{STATUS_SENT, 1}, {STATUS_FAILED, LATE}}};
static const struct status_plan failed_unsent = {.steps = {{STATUS_FAILED, LATE}}};
static const struct status_plan sent_late = {
    .steps = {{STATUS_SENT, LATE}, {STATUS_DELIVERED, LATE + 1}, {STATUS_READ, LATE + 4}}};

static const struct fate taken = {.taken = true, .statuses = &usual};

// By the number behind 15552.
static const struct fate faults[] = {
    // A series of webhooks begins when its request is over: here, once the client has given it up.
    [1] = {.taken = true, .manner = ANSWER_NEVER, .statuses = &unread},
    // The number stands in the body, so the body has been read by now. A client cannot tell: as far
    // as it can see its bytes went to the kernel and the connection was closed without an answer.
    [2] = {.taken = false, .manner = ANSWER_CLOSE},
    // On a fresh connection the post is taken and answered, so that a client that posts again by
    // itself sees success, and only the count of posts betrays it.
    [3] = {.taken = true, .close_if_reused = true, .statuses = &usual},
    [4] = {.taken = true, .manner = ANSWER_RESET, .statuses = &usual},
    [5] = {.taken = true, .body = BODY_GARBAGE, .statuses = &usual},
    [6] = {.taken = true, .body = BODY_WITHOUT_ID, .statuses = &usual},
    [7] = {.taken = true, .body = BODY_PROXY_HTML, .http_status = 502, .statuses = &usual},
    [8] = {.taken = true, .delay_ms = 5000, .statuses = &usual},
    [9] = {.taken = true, .statuses = &before_answer},
    [10] = {.taken = true, .statuses = &each_twice},
    [11] = {.taken = true, .statuses = &wrong_order},
    [12] = {.taken = true, .code = CODE_SOMETHING_WENT_WRONG, .statuses = &failed_then_delivered},
    [13] = {.taken = true},
    [14] = {.taken = true, .manner = ANSWER_NEVER},
};

void recipients_init(struct recipients *recipients)
{
    pthread_mutex_init(&recipients->lock, NULL);
    counters_init(&recipients->refusals);
}

void recipients_finish(struct recipients *recipients)
{
    counters_finish(&recipients->refusals);
    pthread_mutex_destroy(&recipients->lock);
}

void recipients_reset(struct recipients *recipients)
{
    pthread_mutex_lock(&recipients->lock);
    counters_clear(&recipients->refusals);
    pthread_mutex_unlock(&recipients->lock);
}

static struct fate refused_with(int code)
{
    return (struct fate){.refused = true, .code = code};
}

static bool is_among_first(struct recipients *recipients, const char *recipient, long times)
{
    pthread_mutex_lock(&recipients->lock);
    int64_t *refusals = counters_at(&recipients->refusals, recipient);
    bool refuse = *refusals < times;
    *refusals += refuse;
    pthread_mutex_unlock(&recipients->lock);
    return refuse;
}

// A hop on the way answers: a digit says how often (0: each time), one with what (0: a page, 1:
// nothing), and three with which status.
static struct fate refused_on_the_way(struct recipients *recipients, const char *recipient,
                                      long number)
{
    long times = number / 10000 % 10;
    if (times > 0 && !is_among_first(recipients, recipient, times))
        return taken;
    return (struct fate){.taken = false,
                         .body = number / 1000 % 10 ? BODY_EMPTY : BODY_PROXY_HTML,
                         .http_status = (int)(number % 1000)};
}

static struct fate fate_of(struct recipients *recipients, const char *recipient)
{
    if (strlen(recipient) != PREFIX_DIGITS + NUMBER_DIGITS ||
        strspn(recipient, "0123456789") != PREFIX_DIGITS + NUMBER_DIGITS ||
        strncmp(recipient, "1555", 4) != 0)
        return taken;
    long number = strtol(recipient + PREFIX_DIGITS, NULL, 10);
    switch (recipient[PREFIX_DIGITS - 1]) {
    case '0':
        return refused_with((int)number);
    case '1':
        return (struct fate){.taken = true, .code = (int)number, .statuses = &failed};
    case '2':
        if (number >= 1 && number < (long)(sizeof faults / sizeof *faults))
            return faults[number];
        return taken;
    case '3':
        return is_among_first(recipients, recipient, number)
                   ? refused_with(CODE_SOMETHING_WENT_WRONG)
                   : taken;
    case '4':
        return (struct fate){.taken = true, .code = (int)number, .statuses = &failed_late};
    case '5':
        return (struct fate){.taken = true,
                             .held = true,
                             .code = (int)number,
                             .statuses = number == 0 ? &sent_late : &failed_unsent};
    case '6':
        return refused_on_the_way(recipients, recipient, number);
    case '7':
        return (struct fate){
            .refused = true, .code = (int)(number / 1000), .subcode = (int)(number % 1000)};
    default:
        return taken;
    }
}

struct fate recipients_fate(struct recipients *recipients, const char *recipient, bool group)
{
    struct fate fate = fate_of(recipients, recipient);
    if (group && fate.taken && fate.code != 0)
        fate.statuses = &usual;
    return fate;
}
