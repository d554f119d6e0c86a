// In whose words a request is answered: in ours ({"error", "code", "detail"}, answer.h), unless
// request->manner says otherwise, as for software that was written for somebody else's API. Then
// all that is refused is told so, whoever refuses it, but for what is no HTTP (head.h).
#pragma once

#include "common/base/text.h"

struct request;

// A refusal in our words.
struct refusal {
    const char *code;
    const char *message;
    const struct tg_text *detail; // a JSON object, or empty
    int status;                   // of HTTP, by the code
    unsigned retry_after_s;       // with 429 and 503, whose Retry-After is there already
};

struct manner {
    // Answers the request with a refusal.
    void (*refuse)(struct request *request, const struct refusal *refusal);
    // Gives the answer the headers that each has, just before it leaves.
    void (*mark)(struct request *request, int status);
};
