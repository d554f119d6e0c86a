// One line per event on standard error: time, level, the event's name ("send_failed"), which
// daemon, then fields. key=value (logfmt) or JSON. Never a token, a key, the text of a message or
// whom it goes to. Each event stands in docs/operations.md.
#pragma once

#include "common/base/uuid7.h"

#include <stdbool.h>
#include <stdint.h>

enum tg_log_level { TG_LOG_DEBUG, TG_LOG_INFO, TG_LOG_WARN, TG_LOG_ERROR, TG_LOG_NONE };
enum tg_log_format { TG_LOG_LOGFMT, TG_LOG_JSON };

struct tg_log_field {
    const char *key;  // NULL ends a list
    const char *text; // NULL: the field is `number`
    int64_t number;
    char id[TG_UUID_TEXT_SIZE]; // used by TG_LOG_ID, else empty
};

#define TG_LOG_TEXT(key, string) tg_log_text(key, string)
#define TG_LOG_NUMBER(key, value) ((struct tg_log_field){key, NULL, (int64_t)(value), ""})
#define TG_LOG_ID(key, uuid) tg_log_id(key, uuid)
struct tg_log_field tg_log_text(const char *key, const char *string); // NULL stands as ""
struct tg_log_field tg_log_id(const char *key, struct tg_uuid id);

// Sets what is written; before it is called, info and above in logfmt, and steps at debug.
// `service` ("ingress") stands in every line and must live for ever. If standard error is the
// journal ($JOURNAL_STREAM names it), each line begins with its priority, "<4>" for a warning,
// which the journal takes off. Call before threads start.
void tg_log_start(const char *service, enum tg_log_level level, enum tg_log_format format);

// Sets the least level that is written; TG_LOG_NONE: nothing is. Any thread may, at any time.
void tg_log_set_level(enum tg_log_level level);

// What a line that is not one of the log begins with, for the journal; elsewhere "".
const char *tg_log_priority(enum tg_log_level level);

// The level of steps: of what happens to each message in the usual course (tg_log_step). Any thread
// may set it, at any time.
void tg_log_set_step_level(enum tg_log_level level);
enum tg_log_level tg_log_step_level(void);

// Are lines of that level written?
bool tg_log_writes(enum tg_log_level level);

// Writes one line with one write(2), so that lines of several threads and processes never mix;
// longer than TG_LOG_LINE_MAX is cut. Thread-safe. Never fails visibly: a log that cannot be
// written is lost. (tg_log asks for the level before.)
void tg_log_write(enum tg_log_level level, const char *event, const struct tg_log_field *fields);

// Between the two the lines of this thread are put together, as many as a pipe takes in one piece,
// and leave in one write: for what is logged of each of a batch. What is slow stands outside.
void tg_log_gather(void);
void tg_log_let_go(void);

// Which message, of what has a message_id and an org_id.
#define TG_LOG_MESSAGE(of)                                                                         \
    TG_LOG_ID("message_id", (of)->message_id), TG_LOG_ID("org_id", (of)->org_id)

// tg_log(TG_LOG_INFO, "batch_accepted", TG_LOG_NUMBER("sends", n), TG_LOG_ID("org_id", org));
// (An array must not be empty, and cppcheck does not know __VA_OPT__: hence the element before the
// first.)
// The fields are looked at only if the level is written.
#define tg_log(level, event, ...)                                                                  \
    do {                                                                                           \
        enum tg_log_level tg_log_level_ = (level);                                                 \
        if (tg_log_writes(tg_log_level_))                                                          \
            tg_log_write(tg_log_level_, event,                                                     \
                         (const struct tg_log_field[]){{0}, ##__VA_ARGS__, {0}} + 1);              \
    } while (0)

// One step of a message's, or of a batch of webhooks'.
#define tg_log_step(event, ...) tg_log(tg_log_step_level(), event, ##__VA_ARGS__)

// For what others can cause again and again: of each kind, which is an event and, where it is not
// NULL, a word of a few that stands in the line too, there is one line in TG_LOG_RARELY_MS. The
// first comes at once; the next says how many `times` it has happened since the one before, and is
// written when it happens again, or by tg_log_catch_up. Thread-safe.
#define tg_log_rarely(level, event, ...) tg_log_rarely_of(level, event, NULL, ##__VA_ARGS__)
#define tg_log_rarely_of(level, event, kind, ...)                                                  \
    do {                                                                                           \
        int64_t tg_log_times_ = tg_log_times(level, event, kind);                                  \
        if (tg_log_times_ == 1)                                                                    \
            tg_log(level, event, ##__VA_ARGS__);                                                   \
        else if (tg_log_times_ > 1)                                                                \
            tg_log(level, event, TG_LOG_NUMBER("times", tg_log_times_), ##__VA_ARGS__);            \
    } while (0)

// One more of that kind: how often there was one since the last line; 0: no line is due.
int64_t tg_log_times(enum tg_log_level level, const char *event, const char *kind);

// Writes a line of each kind that is due and has happened since its last one; `all`: also of those
// that are not due. Call now and then, and with all at the end.
void tg_log_catch_up(bool all);
