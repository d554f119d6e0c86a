// Who asks Meta now and then about what orgs have there, each under a token of its org's:
// numbers.h, templates.h. A thread of its own, with connections of its own: no message and no duty
// waits for it. Of all workers the one whose janitor acts asks; should two think so, each thing is
// still asked about once, since it is claimed.
//
// What is to be asked is claimed, begun, waited for, recorded and forgotten by calls of whoever has
// the looker as the first member of a structure. All of them run on its thread.
#pragma once

#include "common/base/text.h"
#include "common/http/client.h"
#include "common/store/looks.h"
#include "worker/unasked.h"
#include "worker/worker.h"

#include <stdatomic.h>

struct looker;

struct looker_calls {
    const char *name;  // of the thread, and in that of its connection to PostgreSQL
    int64_t looks_max; // at once
    int64_t least_s;   // see tg_look_terms
    int64_t lease_s;   // longer than any look takes
    size_t answer_max; // of an answer, in bytes
    bool (*claim)(struct looker *looker); // what is due, under terms; false: nothing is
    void (*begin)(struct looker *looker); // asks about all of it
    void (*take)(struct looker *looker, const struct tg_http_answer *answer);
    bool (*record)(struct looker *looker); // whether Meta is to be left alone for a while
    void (*forget)(struct looker *looker); // and wipes tokens
};

struct looker {
    const struct looker_calls *calls;
    const struct worker *worker;
    const atomic_bool *acting; // whether the janitor does
    pthread_t thread;
    // The thread's own.
    struct tg_http *http;
    struct tg_pg *pg;
    struct tg_look_terms terms; // of what is claimed
};

// Starts its thread. `calls` and `acting` are borrowed.
void looker_start(struct looker *looker, const struct looker_calls *calls,
                  const struct worker *worker, const atomic_bool *acting);
// With the stop ordered: breaks off what is being asked, and waits for its end.
void looker_stop(struct looker *looker);
void looker_finish(struct looker *looker); // stopped

// Opens a channel's access token to *token, the caller's to wipe. Returns what is wrong with it;
// NULL: nothing (worker/unasked.h).
const struct unasked_token *looker_open(const struct looker *looker, struct tg_uuid org_id,
                                        struct tg_uuid channel_id, struct tg_text *access_token,
                                        struct tg_text *token);

// Asks the Graph API for this, under that token; the answer comes to `take`, with the context.
// `path` is what stands behind the API's version, and has a query.
void looker_ask(struct looker *looker, const struct tg_text *token, const char *path,
                void *context);

// Does this text quote the token? Nobody must see it then.
bool looker_quotes(const struct tg_text *token, const char *text);

// Words for people.
#define LOOKER_UNREACHED "Meta could not be reached, or did not answer in time"
#define LOOKER_QUOTED "What came quotes the channel's access token"
#define LOOKER_WORDS_QUOTED "Meta's words quote the channel's access token"
