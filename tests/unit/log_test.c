#include "common/service/log.h"

#include "capture.h"
#include "common/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The line without its time, which is checked on its own.
static const char *after_time(const char *line)
{
    const char *level = strstr(line, "level");
    cr_assert(level, "%s", line);
    return level;
}

Test(log, logfmt_has_time_level_event_service_and_fields)
{
    tg_log_start("ingress", TG_LOG_INFO, TG_LOG_LOGFMT);
    struct tg_uuid id = {{0x01, 0x90, [15] = 0xff}};
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_WARN, "batch_accepted", TG_LOG_NUMBER("sends", -12), TG_LOG_TEXT("why", "free"),
           TG_LOG_ID("org_id", id));
    const char *line = capture_stop(&capture);
    cr_assert_str_eq(after_time(line),
                     "level=warn event=batch_accepted service=ingress sends=-12 why=free "
                     "org_id=01900000-0000-0000-0000-0000000000ff\n");
}

Test(log, the_time_is_utc_with_milliseconds)
{
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_INFO, "happened");
    const char *line = capture_stop(&capture);
    static const char shape[] = "time=dddd-dd-ddTdd:dd:dd.dddZ level=info ";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = line[i] >= '0' && line[i] <= '9';
        cr_assert(shape[i] == 'd' ? digit : line[i] == shape[i], "%s", line);
    }
}

Test(log, before_it_is_started_it_writes_info_and_above)
{
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_DEBUG, "hidden");
    tg_log(TG_LOG_INFO, "shown");
    const char *line = capture_stop(&capture);
    cr_assert_str_eq(after_time(line), "level=info event=shown service=tollgate\n");
}

Test(log, a_level_below_the_set_one_is_not_written)
{
    tg_log_start("worker", TG_LOG_ERROR, TG_LOG_LOGFMT);
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_WARN, "hidden");
    tg_log(TG_LOG_ERROR, "shown");
    cr_assert_str_eq(after_time(capture_stop(&capture)),
                     "level=error event=shown service=worker\n");
}

Test(log, logfmt_quotes_what_would_be_misread)
{
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_INFO, "e", TG_LOG_TEXT("a", ""), TG_LOG_TEXT("b", NULL),
           TG_LOG_TEXT("c", "two words"), TG_LOG_TEXT("d", "k=v"), TG_LOG_TEXT("e", "say \"x\\y\""),
           TG_LOG_TEXT("f", "one\ntwo\x01"));
    const char *line = capture_stop(&capture);
    cr_assert_str_eq(after_time(line),
                     "level=info event=e service=tollgate a=\"\" b=\"\" c=\"two words\" d=\"k=v\" "
                     "e=\"say \\\"x\\\\y\\\"\" f=\"one\\ntwo\\u0001\"\n");
}

// Who reads the log in a terminal sees what others have written, and nothing happens.
Test(log, controls_of_unicode_are_escaped_too)
{
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_INFO, "e",
           TG_LOG_TEXT("a", "\xc2\x9b"
                            "2J\xc2\x85\xd8\x9c"),
           TG_LOG_TEXT("b", "\xe2\x80\xae|\xe2\x80\xac\xe2\x81\xa6|\xe2\x81\xa9\xe2\x80\xa8"),
           TG_LOG_TEXT("c", "\xc2\xa0\xe2\x80\x93\xe0\xa4\x95"));
    const char *line = capture_stop(&capture);
    cr_assert_str_eq(
        after_time(line),
        "level=info event=e service=tollgate a=\"\\u009b2J\\u0085\\u061c\" "
        "b=\"\\u202e|\\u202c\\u2066|\\u2069\\u2028\" c=\"\xc2\xa0\xe2\x80\x93\xe0\xa4\x95\"\n");
}

// Logs one text as JSON and returns the line, which must be one JSON object.
static struct json_object *logged_as_json(const char *text)
{
    tg_log_start("worker", TG_LOG_DEBUG, TG_LOG_JSON);
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_DEBUG, "happened", TG_LOG_TEXT("text", text), TG_LOG_NUMBER("number", 1LL << 40));
    const char *line = capture_stop(&capture);
    size_t length = strlen(line);
    cr_assert_leq(length, TG_LOG_LINE_MAX);
    cr_assert_eq(strcspn(line, "\n"), length - 1, "one line: %s", line);
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, line, (int)length);
    cr_assert_eq(json_tokener_get_error(tokener), json_tokener_success, "%s", line);
    json_tokener_free(tokener);
    return object;
}

static const char *text_of(struct json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

Test(log, json_says_the_same_as_one_object)
{
    struct json_object *object = logged_as_json("a\"b\\c\n\x7f \xe0\xa4\x95");
    cr_assert_str_eq(text_of(object, "level"), "debug");
    cr_assert_str_eq(text_of(object, "event"), "happened");
    cr_assert_str_eq(text_of(object, "service"), "worker");
    cr_assert_str_eq(text_of(object, "text"), "a\"b\\c\n\x7f \xe0\xa4\x95");
    cr_assert_eq(json_object_get_int64(json_object_object_get(object, "number")), 1LL << 40);
    json_object_put(object);
}

Test(log, bytes_that_are_no_utf_8_become_the_replacement_character)
{
    struct json_object *object =
        logged_as_json("a\xff|\xc3|\xe0\x80\x80|\xed\xa0\x80|\xf0\x9f\x98\x80|\xf0\x9f");
#define BAD "\xef\xbf\xbd"
    cr_assert_str_eq(text_of(object, "text"),
                     "a" BAD "|" BAD "|" BAD BAD BAD "|" BAD BAD BAD "|\xf0\x9f\x98\x80|" BAD BAD);
    json_object_put(object);
}

// At every length around the limit, so that the cut also falls into an escape and a character.
Test(log, a_line_that_is_too_long_is_cut_and_still_whole)
{
    static char text[TG_LOG_LINE_MAX + 100];
    for (size_t length = TG_LOG_LINE_MAX - 200; length < TG_LOG_LINE_MAX; length++) {
        memset(text, 'x', sizeof text);
        memcpy(text + length, "\n\xe0\xa4\x95\"", sizeof "\n\xe0\xa4\x95\"");
        struct json_object *object = logged_as_json(text);
        size_t kept = strlen(text_of(object, "text"));
        cr_assert_geq(kept, TG_LOG_LINE_MAX - 200);
        cr_assert_eq(strncmp(text_of(object, "text"), text, kept), 0);
        json_object_put(object);
    }
}

Test(log, a_field_after_a_cut_one_is_left_out)
{
    static char text[TG_LOG_LINE_MAX + 1];
    memset(text, 'x', TG_LOG_LINE_MAX);
    struct capture capture = capture_start(stderr);
    tg_log(TG_LOG_INFO, "e", TG_LOG_TEXT("text", text), TG_LOG_NUMBER("number", 1));
    const char *line = capture_stop(&capture);
    size_t length = strlen(line);
    cr_assert(length <= TG_LOG_LINE_MAX && length > TG_LOG_LINE_MAX - 10);
    cr_assert_str_eq(line + length - 3, "xx\n");
}

Test(log, leaves_errno_alone)
{
    struct capture capture = capture_start(stderr);
    (void)capture_stop(&capture);
    (void)close(STDERR_FILENO);
    errno = EDOM;
    tg_log(TG_LOG_INFO, "lost");
    cr_assert_eq(errno, EDOM);
}

static void happen(const char *kind, int times)
{
    for (int i = 0; i < times; i++)
        tg_log_rarely_of(TG_LOG_WARN, "happened", kind, TG_LOG_NUMBER("n", i));
}

Test(log, what_others_cause_is_one_line_of_each_kind_and_a_count)
{
    struct capture capture = capture_start(stderr);
    happen("one", 500);
    happen("other", 1);
    happen(NULL, 2);
    tg_log_catch_up(false);
    const char *lines = capture_stop(&capture);
    cr_assert(strstr(lines, "event=happened service=tollgate n=0\n"));
    cr_assert_null(strstr(lines, "times="));
    int count = 0;
    for (const char *at = lines; (at = strchr(at, '\n')); at++)
        count++;
    cr_assert_eq(count, 3);
    capture = capture_start(stderr);
    tg_log_catch_up(true);
    tg_log_catch_up(true);
    lines = capture_stop(&capture);
    cr_assert(strstr(lines, "level=warn event=happened service=tollgate times=499 kind=one\n"));
    cr_assert(strstr(lines, "event=happened service=tollgate times=1\n"));
    cr_assert_null(strstr(lines, "kind=other"));
    cr_assert_eq(strchr(strchr(lines, '\n') + 1, '\n')[1], '\0');
}

Test(log, kinds_without_end_have_lines_with_an_end)
{
    struct capture capture = capture_start(stderr);
    for (int i = 0; i < 3 * TG_LOG_KINDS_MAX; i++) {
        char kind[16];
        snprintf(kind, sizeof kind, "%d", i);
        happen(kind, 1);
    }
    const char *lines = capture_stop(&capture);
    int count = 0;
    for (const char *at = lines; (at = strchr(at, '\n')); at++)
        count++;
    cr_assert_eq(count, TG_LOG_KINDS_MAX);
}

// Standard error as a pipe that keeps writes apart; each is then read by itself.
struct writes {
    int saved;
    int end;
};

static struct writes writes_start(void)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
    struct writes writes = {dup(STDERR_FILENO), ends[0]};
    cr_assert(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    return writes;
}

// The lines of the next write; 0: there was none.
static int lines_of_next(const struct writes *writes)
{
    char bytes[2 * PIPE_BUF];
    ssize_t n = read(writes->end, bytes, sizeof bytes);
    int lines = 0;
    for (ssize_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    cr_assert(n <= 0 || (bytes[n - 1] == '\n' && strncmp(bytes, "time=", 5) == 0));
    return lines;
}

static void writes_stop(const struct writes *writes)
{
    cr_assert(dup2(writes->saved, STDERR_FILENO) >= 0);
}

Test(log, what_is_gathered_leaves_in_one_write)
{
    struct writes writes = writes_start();
    tg_log(TG_LOG_INFO, "alone");
    tg_log_gather();
    for (int i = 0; i < 3; i++)
        tg_log(TG_LOG_INFO, "together");
    int alone = lines_of_next(&writes);
    int before = lines_of_next(&writes);
    tg_log_let_go();
    int together = lines_of_next(&writes);
    tg_log(TG_LOG_INFO, "alone");
    int after = lines_of_next(&writes);
    writes_stop(&writes);
    cr_assert_eq(alone, 1);
    cr_assert_eq(before, 0);
    cr_assert_eq(together, 3);
    cr_assert_eq(after, 1);
}

Test(log, what_is_gathered_is_never_more_than_a_pipe_takes_in_one_piece)
{
    enum { LINES = 100 };
    struct writes writes = writes_start();
    tg_log_gather();
    for (int i = 0; i < LINES; i++)
        tg_log(TG_LOG_INFO, "one", TG_LOG_NUMBER("i", i));
    tg_log_let_go();
    int all = 0;
    int most = 0;
    for (int n; (n = lines_of_next(&writes)) > 0; all += n)
        most = n > most ? n : most;
    writes_stop(&writes);
    cr_assert_eq(all, LINES);
    cr_assert(most > LINES / 4 && most < LINES, "%d", most);
}

Test(log, steps_are_of_the_level_that_they_are_given)
{
    struct capture capture = capture_start(stderr);
    tg_log_set_step_level(TG_LOG_DEBUG);
    tg_log_step("hidden");
    tg_log_set_step_level(TG_LOG_INFO);
    tg_log_step("shown", TG_LOG_NUMBER("n", 1));
    const char *line = capture_stop(&capture);
    cr_assert_str_eq(after_time(line), "level=info event=shown service=tollgate n=1\n");
}

static void given_journal(int off_by)
{
    struct stat error;
    char stream[64];
    cr_assert_eq(fstat(STDERR_FILENO, &error), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)error.st_dev,
             (uintmax_t)error.st_ino + (uintmax_t)off_by);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
    cr_assert_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
}

Test(log, in_the_journal_a_line_has_its_priority)
{
    static const char *const starts[] = {"<7>time=", "<6>time=", "<4>time=", "<3>time="};
    struct capture capture = capture_start(stderr);
    given_journal(0);
    tg_log_start("worker", TG_LOG_DEBUG, TG_LOG_LOGFMT);
    for (enum tg_log_level level = TG_LOG_DEBUG; level <= TG_LOG_ERROR; level++)
        tg_log(level, "happened");
    tg_log_start("worker", TG_LOG_DEBUG, TG_LOG_JSON);
    tg_log(TG_LOG_WARN, "happened");
    const char *priority = tg_log_priority(TG_LOG_ERROR);
    const char *line = capture_stop(&capture);
    cr_assert_str_eq(priority, "<3>");
    for (size_t i = 0; i < 4; i++, line = strchr(line, '\n') + 1)
        cr_assert_eq(strncmp(line, starts[i], strlen(starts[i])), 0, "%s", line);
    cr_assert_eq(strncmp(line, "<4>{\"time\":", 11), 0, "%s", line);
}

Test(log, elsewhere_than_in_the_journal_it_has_none)
{
    struct capture capture = capture_start(stderr);
    given_journal(1);
    tg_log_start("worker", TG_LOG_DEBUG, TG_LOG_LOGFMT);
    tg_log(TG_LOG_WARN, "happened");
    const char *priority = tg_log_priority(TG_LOG_ERROR);
    cr_assert_eq(strncmp(capture_stop(&capture), "time=", 5), 0);
    cr_assert_str_eq(priority, "");
}
