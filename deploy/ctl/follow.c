#include "deploy/ctl/follow.h"

#include "common/base/clock.h"
#include "common/base/json.h"

#include <string.h>
#include <time.h>

enum { PATIENCE_MS = 15 * 1000, PAUSE_MS = 200 };

static bool is_state(struct json_object *answer, const char *state)
{
    const char *is = tg_json_string_member(answer, "state");
    return is && strcmp(is, state) == 0;
}

static const char *says(struct json_object *answer)
{
    const char *said = tg_json_string_member(answer, "says");
    return said ? said : "the gateway does not say how it stands";
}

static bool differ(struct json_object *one, struct json_object *other)
{
    return strcmp(json_object_to_json_string_ext(one, JSON_C_TO_STRING_PLAIN),
                  json_object_to_json_string_ext(other, JSON_C_TO_STRING_PLAIN)) != 0;
}

// The next answer takes the place of the last.
static enum call_result ask_again(const struct desk *desk, const char *path,
                                  struct json_object **answer, bool *changed,
                                  struct tg_error *error)
{
    struct json_object *next = NULL;
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000L * 1000};
    (void)nanosleep(&pause, NULL);
    enum call_result result = call(desk, "GET", path, NULL, &next, error);
    if (result != CALL_DONE) {
        json_object_put(next);
        return result;
    }
    *changed = differ(*answer, next);
    json_object_put(*answer);
    *answer = next;
    return CALL_DONE;
}

enum call_result follow(const struct desk *desk, const char *path, struct json_object **answer,
                        struct tg_error *error)
{
    long long changed_ms = tg_now_ms();
    while (is_state(*answer, "sealing")) {
        bool changed;
        if (tg_now_ms() - changed_ms > PATIENCE_MS) {
            tg_error_set(error, "failed", NULL,
                         "%s: is there a worker with the role janitor? (nothing has changed for %d "
                         "seconds)",
                         says(*answer), PATIENCE_MS / 1000);
            return CALL_FAILED;
        }
        enum call_result result = ask_again(desk, path, answer, &changed, error);
        if (result != CALL_DONE)
            return result;
        if (changed)
            changed_ms = tg_now_ms();
    }
    if (is_state(*answer, "sealed"))
        return CALL_DONE;
    tg_error_set(error, "refused", NULL, "%s", says(*answer));
    return CALL_REFUSED;
}
