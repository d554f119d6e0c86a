#include "common/graph/token.h"

#include "common/crypto/digest.h"

#include <string.h>

bool tg_graph_token_is_plain(const struct tg_text *token)
{
    for (size_t i = 0; i < token->length; i++) {
        unsigned char c = (unsigned char)token->data[i];
        if (c <= ' ' || c >= 0x7f)
            return false;
    }
    return true;
}

void tg_graph_append_authorization(struct tg_text *header, const struct tg_text *token)
{
    static const char bearer[] = "Authorization: Bearer ";
    tg_text_reserve(header, sizeof bearer + token->length);
    tg_text_append_string(header, bearer);
    tg_text_append(header, token->data, token->length);
}

static void append_proof(struct tg_text *url, const char *secret, const struct tg_text *token)
{
    unsigned char proof[TG_SHA256_SIZE];
    tg_hmac_sha256(secret, strlen(secret), tg_text_string(token), token->length, proof);
    tg_text_append_format(url, "%cappsecret_proof=", strchr(url->data, '?') ? '&' : '?');
    for (size_t i = 0; i < sizeof proof; i++)
        tg_text_append_format(url, "%02x", proof[i]);
}

void tg_graph_append_proof(struct tg_text *url, struct tg_shared_text *secret,
                           const struct tg_text *token)
{
    const char *text = tg_shared_text_hold(secret);
    if (*text)
        append_proof(url, text, token);
    tg_shared_text_let_go(secret, text);
}
