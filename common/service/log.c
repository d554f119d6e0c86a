#include "common/service/log.h"

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Kept free for what ends a line: a closing quote, a closing brace, the newline.
enum { LINE_END_BYTES = 3 };

// A write of up to PIPE_BUF bytes (4096) to a pipe is atomic.
_Static_assert(TG_LOG_LINE_MAX <= 4096, "a line must fit into one atomic write");

struct line {
    size_t length;
    bool full; // a part did not fit, so nothing more is added
    char data[TG_LOG_LINE_MAX];
};

static struct {
    const char *service;
    enum tg_log_format format;
} config = {"tollgate", TG_LOG_LOGFMT};

static atomic_int least = TG_LOG_INFO;

struct kind {
    const char *event; // a string literal
    char name[32];     // "": it has none
    enum tg_log_level level;
    long long next_ms; // no line before that
    int64_t times;     // since the last line
};

static struct {
    pthread_mutex_t lock;
    struct kind kind[TG_LOG_KINDS_MAX];
    size_t count;
} rare = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct tg_log_field tg_log_text(const char *key, const char *string)
{
    return (struct tg_log_field){.key = key, .text = string ? string : ""};
}

struct tg_log_field tg_log_id(const char *key, struct tg_uuid id)
{
    struct tg_log_field field = {.key = key};
    tg_uuid_format(id, field.id);
    return field;
}

void tg_log_start(const char *service, enum tg_log_level level, enum tg_log_format format)
{
    config.service = service;
    config.format = format;
    tg_log_set_level(level);
}

void tg_log_set_level(enum tg_log_level level)
{
    atomic_store_explicit(&least, (int)level, memory_order_relaxed);
}

// Adds all of the bytes or none.
static bool put(struct line *line, const char *bytes, size_t length)
{
    if (line->full || line->length + length > sizeof line->data - LINE_END_BYTES) {
        line->full = true;
        return false;
    }
    memcpy(line->data + line->length, bytes, length);
    line->length += length;
    return true;
}

static bool put_string(struct line *line, const char *string)
{
    return put(line, string, strlen(string));
}

// How the byte is written between quotes; NULL: as it is.
static const char *escape(unsigned char byte, char buffer[static 8])
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (byte >= 0x20 && byte != 0x7f)
            return NULL;
        snprintf(buffer, 8, "\\u%04x", byte);
        return buffer;
    }
}

// Adds what fits of a text. Bytes that are no UTF-8 become U+FFFD, so that one bad field never
// makes a line unreadable.
static bool put_text(struct line *line, const char *text, bool quoted)
{
    if (quoted && !put(line, "\"", 1))
        return false;
    const char *at = text;
    const char *end = text + strlen(text);
    bool fits = !line->full;
    while (at < end && fits) {
        size_t length = tg_utf8_character(at, (size_t)(end - at));
        char buffer[8];
        const char *escaped = length == 0 ? "\xef\xbf\xbd" : escape((unsigned char)*at, buffer);
        fits = escaped ? put_string(line, escaped) : put(line, at, length);
        at += length ? length : 1;
    }
    if (quoted)
        line->data[line->length++] = '"'; // LINE_END_BYTES has room for it
    return quoted || at != text;
}

static bool needs_quotes(const char *text)
{
    if (!*text)
        return true;
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s <= ' ' || *s >= 0x7f || *s == '"' || *s == '=' || *s == '\\')
            return true;
    }
    return false;
}

// Adds one key with its value, or nothing if not even the beginning of the value fits.
static void put_field(struct line *line, const char *key, const char *text, int64_t number)
{
    bool json = config.format == TG_LOG_JSON;
    size_t start = line->length;
    if (json)
        put_string(line, start == 0 ? "{\"" : ",\"");
    else if (start > 0)
        put_string(line, " ");
    put_string(line, key);
    put_string(line, json ? "\":" : "=");
    bool begun;
    if (text) {
        begun = put_text(line, text, json || needs_quotes(text));
    } else {
        char digits[24];
        snprintf(digits, sizeof digits, "%" PRId64, number);
        begun = put_string(line, digits);
    }
    if (!begun)
        line->length = start;
}

static void format_time(char text[static 32])
{
    long long now_ms = tg_unix_ms();
    time_t now = (time_t)(now_ms / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    size_t length = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, 32 - length, ".%03dZ", (int)(now_ms % 1000));
}

void tg_log_write(enum tg_log_level level, const char *event, const struct tg_log_field *fields)
{
    static const char *const level_names[] = {"debug", "info", "warn", "error"};
    if ((int)level < atomic_load_explicit(&least, memory_order_relaxed))
        return;
    int saved_errno = errno;
    struct line line;
    line.length = 0;
    line.full = false;
    char time_text[32];
    format_time(time_text);
    put_field(&line, "time", time_text, 0);
    put_field(&line, "level", level_names[level], 0);
    put_field(&line, "event", event, 0);
    put_field(&line, "service", config.service, 0);
    for (const struct tg_log_field *field = fields; field->key; field++) {
        const char *text = field->id[0] ? field->id : field->text;
        put_field(&line, field->key, text, field->number);
    }
    if (config.format == TG_LOG_JSON)
        line.data[line.length++] = '}';
    line.data[line.length++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.data, line.length);
    (void)written; // there is nowhere to say that the log is lost
    errno = saved_errno;
}

// What finds no room any more is of the last kind there is, whatever that was before.
static struct kind *find_kind(enum tg_log_level level, const char *event, const char *name)
{
    char cut[sizeof rare.kind->name];
    snprintf(cut, sizeof cut, "%s", name ? name : "");
    for (size_t i = 0; i < rare.count; i++) {
        if (strcmp(rare.kind[i].event, event) == 0 && strcmp(rare.kind[i].name, cut) == 0)
            return &rare.kind[i];
    }
    if (rare.count == TG_LOG_KINDS_MAX)
        return &rare.kind[TG_LOG_KINDS_MAX - 1];
    struct kind *kind = &rare.kind[rare.count++];
    *kind = (struct kind){.event = event, .level = level, .next_ms = tg_now_ms()};
    memcpy(kind->name, cut, sizeof cut);
    return kind;
}

// Begins to count anew.
static int64_t take_times(struct kind *kind, long long now_ms)
{
    int64_t times = kind->times;
    kind->times = 0;
    kind->next_ms = now_ms + TG_LOG_RARELY_MS;
    return times;
}

int64_t tg_log_times(enum tg_log_level level, const char *event, const char *kind)
{
    pthread_mutex_lock(&rare.lock);
    struct kind *found = find_kind(level, event, kind);
    long long now_ms = tg_now_ms();
    found->times++;
    int64_t times = now_ms >= found->next_ms ? take_times(found, now_ms) : 0;
    pthread_mutex_unlock(&rare.lock);
    return times;
}

void tg_log_catch_up(bool all)
{
    pthread_mutex_lock(&rare.lock);
    long long now_ms = tg_now_ms();
    for (size_t i = 0; i < rare.count; i++) {
        struct kind *kind = &rare.kind[i];
        if (kind->times == 0 || (!all && now_ms < kind->next_ms))
            continue;
        const char *key = kind->name[0] ? "kind" : NULL;
        tg_log(kind->level, kind->event, TG_LOG_NUMBER("times", take_times(kind, now_ms)),
               {key, kind->name, 0, ""});
    }
    pthread_mutex_unlock(&rare.lock);
}
