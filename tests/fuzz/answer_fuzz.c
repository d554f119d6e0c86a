#include "common/base/utf8.h"
#include "common/limits.h"
#include "tests/fuzz/fuzz.h"
#include "worker/send/outcome.h"

#include <string.h>

static void expect_outcome(const struct tg_http_answer *answer, bool receipt)
{
    struct tg_outcome outcome;
    memset(&outcome, 'x', sizeof outcome);
    outcome_judge(answer, receipt, &outcome);
    bool sent = strcmp(outcome.key, "sent") == 0;
    bool good = answer->status >= 200 && answer->status <= 299;
    FUZZ_HOLDS(outcome.key[0] && strlen(outcome.key) < sizeof outcome.key);
    FUZZ_HOLDS(!sent || (good && (receipt || outcome.wamid[0])));
    FUZZ_HOLDS(sent || !outcome.wamid[0]);
    FUZZ_HOLDS(!sent || !outcome.error_message[0]);
    FUZZ_HOLDS(tg_utf8_is_valid(outcome.error_message, strlen(outcome.error_message)));
    FUZZ_HOLDS(tg_utf8_is_valid(outcome.wamid, strlen(outcome.wamid)));
    FUZZ_HOLDS(tg_utf8_is_valid(outcome.user_id, strlen(outcome.user_id)));
    FUZZ_HOLDS(strspn(outcome.wa_id, "0123456789") == strlen(outcome.wa_id));
    FUZZ_HOLDS(outcome.retry_after_s >= 0 && outcome.retry_after_s <= TG_RETRY_AFTER_MAX_S);
}

FUZZ_TARGET(answer)
{
    static const int statuses[] = {200, 204, 301, 400, 401, 429, 500};
    struct tg_http_answer answer = {.end = TG_HTTP_ANSWERED,
                                    .sent = true,
                                    .reason = "",
                                    .retry_after_s = INT64_MAX,
                                    .body = tg_text_span(input)};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        answer.status = statuses[i];
        expect_outcome(&answer, i % 2 == 0);
        expect_outcome(&answer, i % 2 != 0);
    }
}
