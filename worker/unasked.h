// Why Meta has not answered, or was not asked, as error rules name it. Thread-safe; what they
// return is constant.
#pragma once

#include "common/base/text.h"
#include "common/crypto/seal.h"
#include "common/http/client.h"

// The outcome of a request that ended so, such as "network:refused"; NULL of TG_HTTP_ANSWERED.
const char *unasked_network(enum tg_http_end end);

// What is wrong with a channel's access token: its outcome, and words for people.
struct unasked_token {
    const char *outcome;
    const char *says;
};

// NULL: it opened to one that Meta may be shown. One that no HTTP header can carry is what Meta
// says of a malformed token.
const struct unasked_token *unasked_token(enum tg_opened opened, const struct tg_text *token);
