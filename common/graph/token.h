// How Meta's Graph API is shown a token.
#pragma once

#include "common/base/shared_text.h"
#include "common/base/text.h"

// A token that would end the header, or begin another, must never get that far.
bool tg_graph_token_is_plain(const struct tg_text *token) TG_MUST_CHECK;

// Appends the header that shows it, without its line's end. The text is wiped by whoever has it.
void tg_graph_append_authorization(struct tg_text *header, const struct tg_text *token);

// Appends to a URL, if there is a secret ("": none), the parameter with which Meta believes that
// the token is used by who knows the app's secret, and not by a thief: docs/meta.md ("The
// request"). A proof is a secret, too: reserve room first (TG_GRAPH_PROOF_BYTES).
enum { TG_GRAPH_PROOF_BYTES = 96 };
void tg_graph_append_proof(struct tg_text *url, struct tg_shared_text *secret,
                           const struct tg_text *token);
