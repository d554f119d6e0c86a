#include "worker/notify/verdict.h"

#include "common/base/utf8.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>

void verdict_quote(struct tg_span bytes, struct tg_text *quoted)
{
    for (size_t i = 0; i < bytes.length;) {
        size_t n = tg_utf8_character(bytes.data + i, bytes.length - i);
        if (n > 0 && bytes.data[i] != '\0')
            tg_text_append(quoted, bytes.data + i, n);
        else
            tg_text_append_string(quoted, "\xef\xbf\xbd");
        i += n > 0 ? n : 1;
    }
}

// A body that is longer than we read has a status all the same; one that did not end has not.
static int status_of(const struct telling *telling, const struct tg_http_answer *answer)
{
    if (answer->end == TG_HTTP_ANSWERED)
        return answer->status;
    return telling->heard > TG_ENDPOINT_ANSWER_MAX ? telling->status : 0;
}

static const char *word_of_end(const struct tg_http_answer *answer)
{
    switch (answer->end) {
    case TG_HTTP_NO_HOST:
        return "no_host";
    case TG_HTTP_REFUSED:
        return answer->inside ? "inside" : "no_connection";
    case TG_HTTP_NO_TLS:
        return "no_tls";
    case TG_HTTP_UNSENT:
        return answer->inside ? "inside" : "no_connection";
    case TG_HTTP_ANSWERED:
    case TG_HTTP_HELD_BACK:
    case TG_HTTP_UNKNOWN:
        break;
    }
    return "no_answer";
}

static bool is_aborted(const struct tg_http_answer *answer)
{
    const char *value = tg_http_header(answer, "webhook-delivery");
    return value && strcmp(value, "abort-message") == 0;
}

static const char *word_of_status(int status, char word[static 16])
{
    if (status >= 200 && status <= 299)
        return "delivered";
    if (status == 410)
        return "gone";
    snprintf(word, 16, "http:%d", status);
    return word;
}

void verdict_of_delivery(struct telling *telling, const struct tg_http_answer *answer)
{
    struct tg_delivery_result *result = &telling->result;
    int status = status_of(telling, answer);
    const char *word = status > 0 ? word_of_status(status, telling->word) : word_of_end(answer);
    if (status > 0 && strcmp(word, "delivered") != 0 && is_aborted(answer))
        word = "aborted";
    result->outcome = word;
    result->status = status;
    result->took_ms = (int64_t)(answer->seconds * 1e3);
    result->retry_after_s = answer->retry_after_s > 0 ? answer->retry_after_s : 0;
    verdict_quote(tg_text_span(&telling->beginning), &result->answer);
}

void verdict_of_question(struct telling *telling, const struct tg_http_answer *answer)
{
    char *why = telling->verified.why;
    size_t size = sizeof telling->verified.why;
    int status = status_of(telling, answer);
    *why = '\0';
    if (status == 0)
        snprintf(why, size, "Verifying it failed: %s", word_of_end(answer));
    else if (status != 200)
        snprintf(why, size, "Verifying it failed: it answered %d", status);
    else if (!tg_span_equals(tg_text_span(&telling->beginning), telling->challenge))
        snprintf(why, size, "Verifying it failed: its answer is not hub.challenge");
}
