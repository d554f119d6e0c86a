// Where a request comes from, as browsers and proxies tell it: which pages of other origins may
// call (TOLLGATE_CORS_ORIGINS), and what trusted mode, where no key proves anything, must not
// believe.
#pragma once

#include "common/base/error.h"
#include "common/service/listen.h"
#include "ingress/http/request.h"

struct origins {
    const char *allowed; // origins, separated by commas; "": none
    // In trusted mode: may the listener be reached under any name, and through proxies?
    bool anywhere;
    struct tg_address listen;
};

// A page of an allowed origin may read the answer to come. Of all others nothing is said.
void origins_mark(const struct origins *origins, struct request *request);

// Answers a browser that asks whether its page may call (`methods` are what the path takes). false:
// nobody has asked so, or for a page that may not.
bool origins_answer_preflight(const struct origins *origins, struct request *request,
                              const char *methods) TG_MUST_CHECK;

// Does it come from a page of ours, which is one at the address that the request goes to? What a
// browser sends by itself, such as a cookie, proves nothing else. Only GET may come without Origin.
// false: "wrong_origin".
bool origins_are_ours(const struct request *request, struct tg_error *error) TG_MUST_CHECK;

// Is it a program on this machine that calls without a key, as trusted mode takes it? A page of
// somebody's, even if its name was bound to our address, or what a proxy has passed on, is not.
bool origins_trust(const struct origins *origins, const struct request *request,
                   struct tg_error *error) TG_MUST_CHECK;
