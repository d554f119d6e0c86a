#include "worker/unasked.h"

#include "common/graph/token.h"

#include <stddef.h>

const char *unasked_network(enum tg_http_end end)
{
    static const char *const outcomes[] = {
        [TG_HTTP_ANSWERED] = NULL,
        [TG_HTTP_NO_HOST] = "network:dns",
        [TG_HTTP_REFUSED] = "network:refused",
        [TG_HTTP_NO_TLS] = "network:tls",
        [TG_HTTP_HELD_BACK] = "network:before_write",
        [TG_HTTP_UNSENT] = "network:before_write",
        [TG_HTTP_UNKNOWN] = "network:after_write",
    };
    return outcomes[end];
}

const struct unasked_token *unasked_token(enum tg_opened opened, const struct tg_text *token)
{
    static const struct unasked_token no_key = {
        "token:no_key", "The channel's access token is sealed under a key that this worker does "
                        "not have; Meta was not asked"};
    static const struct unasked_token not_opened = {
        "token:not_opened", "The channel's sealed access token does not open; Meta was not asked"};
    static const struct unasked_token malformed = {
        "190", "The channel's access token is malformed; Meta was not asked"};
    if (opened == TG_OPEN_NO_KEY)
        return &no_key;
    if (opened != TG_OPENED)
        return &not_opened;
    return tg_graph_token_is_plain(token) ? NULL : &malformed;
}
