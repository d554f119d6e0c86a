#include "common/service/log.h"

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/limits.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Kept free for what ends a line: a closing quote, a closing brace, the newline.
enum { LINE_END_BYTES = 3 };

// A write of up to PIPE_BUF bytes to a pipe is atomic.
_Static_assert(TG_LOG_LINE_MAX <= PIPE_BUF, "a line must fit into one atomic write");

struct line {
    size_t length;
    int fields;
    bool full; // a part did not fit, so nothing more is added
    char data[TG_LOG_LINE_MAX];
};

static struct {
    const char *service;
    enum tg_log_format format;
    bool to_journal;
} config = {.service = "tollgate"};

static atomic_int least = TG_LOG_INFO;
static atomic_int steps = TG_LOG_DEBUG;

// What a thread has gathered.
static _Thread_local struct {
    bool is_on;
    size_t length;
    char data[PIPE_BUF];
} gathered;

// The second that a thread has written last, as text: most lines are of the same.
static _Thread_local struct {
    time_t second; // 0: none
    char text[sizeof "2000-01-01T00:00:00"];
} last_time;

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

// systemd names the device and the inode of what it has connected to the journal: standard error
// may be somewhere else since.
static bool is_journal(void)
{
    const char *stream = secure_getenv("JOURNAL_STREAM");
    struct stat error;
    char own[64];
    if (!stream || fstat(STDERR_FILENO, &error) != 0)
        return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)error.st_dev, (uintmax_t)error.st_ino);
    return strcmp(stream, own) == 0;
}

void tg_log_start(const char *service, enum tg_log_level level, enum tg_log_format format)
{
    config.service = service;
    config.format = format;
    config.to_journal = is_journal();
    tg_log_set_level(level);
}

void tg_log_set_level(enum tg_log_level level)
{
    atomic_store_explicit(&least, (int)level, memory_order_relaxed);
}

void tg_log_set_step_level(enum tg_log_level level)
{
    atomic_store_explicit(&steps, (int)level, memory_order_relaxed);
}

enum tg_log_level tg_log_step_level(void)
{
    return (enum tg_log_level)atomic_load_explicit(&steps, memory_order_relaxed);
}

bool tg_log_writes(enum tg_log_level level)
{
    return (int)level >= atomic_load_explicit(&least, memory_order_relaxed);
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

// How the character is written between quotes; NULL: as it is.
static const char *escape(const char *character, size_t length, char buffer[static 8])
{
    switch (*character) {
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
        break;
    }
    unsigned control;
    if (!tg_utf8_is_control(character, length, &control))
        return NULL;
    snprintf(buffer, 8, "\\u%04x", control & 0xffff);
    return buffer;
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
        const char *escaped = length == 0 ? "\xef\xbf\xbd" : escape(at, length, buffer);
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

// Adds a text that may stand as it is; false: it is too long for that.
static bool put_plain(struct line *line, const char *text, bool quoted)
{
    size_t length = strlen(text);
    if (line->full || line->length + length + 2 > sizeof line->data - LINE_END_BYTES)
        return false;
    if (quoted)
        put(line, "\"", 1);
    put(line, text, length);
    if (quoted)
        put(line, "\"", 1);
    return true;
}

static bool put_number(struct line *line, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + left % 10);
    } while ((left /= 10) > 0);
    if (number < 0)
        *--at = '-';
    return put(line, at, (size_t)(digits + sizeof digits - at));
}

static void put_key(struct line *line, const char *key)
{
    bool json = config.format == TG_LOG_JSON;
    if (json)
        put_string(line, line->fields == 0 ? "{\"" : ",\"");
    else if (line->fields > 0)
        put_string(line, " ");
    put_string(line, key);
    put_string(line, json ? "\":" : "=");
}

// Adds one key with its value, or nothing if not even the beginning of the value fits.
static void put_field(struct line *line, const struct tg_log_field *field)
{
    bool json = config.format == TG_LOG_JSON;
    const char *text = field->id[0] ? field->id : field->text;
    size_t start = line->length;
    put_key(line, field->key);
    bool begun;
    if (!text)
        begun = put_number(line, field->number);
    else if (field->id[0] || !needs_quotes(text))
        begun = put_plain(line, text, json) || put_text(line, text, json);
    else
        begun = put_text(line, text, true);
    if (begun)
        line->fields++;
    else
        line->length = start;
}

// One of the first, for which there is room, and which is a word of ours.
static void put_word(struct line *line, const char *key, const char *word)
{
    put_key(line, key);
    put_plain(line, word, config.format == TG_LOG_JSON);
    line->fields++;
}

static void format_time(char text[static 32])
{
    long long now_ms = tg_unix_ms();
    time_t now = (time_t)(now_ms / 1000);
    if (now != last_time.second) {
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(last_time.text, sizeof last_time.text, "%Y-%m-%dT%H:%M:%S", &utc);
        last_time.second = now;
    }
    int ms = (int)(now_ms % 1000);
    memcpy(text, last_time.text, sizeof last_time.text);
    memcpy(text + sizeof last_time.text - 1,
           (char[]){'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10),
                    'Z', '\0'},
           6);
}

// There is nowhere to say that the log is lost.
static void write_out(const char *data, size_t length)
{
    ssize_t written = length > 0 ? write(STDERR_FILENO, data, length) : 0;
    (void)written;
}

static void write_gathered(void)
{
    write_out(gathered.data, gathered.length);
    gathered.length = 0;
}

static void add_gathered(const struct line *line)
{
    if (gathered.length + line->length > sizeof gathered.data)
        write_gathered();
    memcpy(gathered.data + gathered.length, line->data, line->length);
    gathered.length += line->length;
}

void tg_log_gather(void)
{
    gathered.is_on = true;
}

void tg_log_let_go(void)
{
    int saved_errno = errno;
    write_gathered();
    gathered.is_on = false;
    errno = saved_errno;
}

// As sd-daemon.h numbers them.
static const char *const priorities[] = {"<7>", "<6>", "<4>", "<3>"};

const char *tg_log_priority(enum tg_log_level level)
{
    return is_journal() ? priorities[level] : "";
}

void tg_log_write(enum tg_log_level level, const char *event, const struct tg_log_field *fields)
{
    static const char *const level_names[] = {"debug", "info", "warn", "error"};
    int saved_errno = errno;
    struct line line;
    line.length = 0;
    line.fields = 0;
    line.full = false;
    char time_text[32];
    format_time(time_text);
    if (config.to_journal)
        put_string(&line, priorities[level]);
    put_word(&line, "time", time_text);
    put_word(&line, "level", level_names[level]);
    put_word(&line, "event", event);
    put_word(&line, "service", config.service);
    for (const struct tg_log_field *field = fields; field->key; field++)
        put_field(&line, field);
    if (config.format == TG_LOG_JSON)
        line.data[line.length++] = '}';
    line.data[line.length++] = '\n';
    if (gathered.is_on)
        add_gathered(&line);
    else
        write_out(line.data, line.length);
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
