// Meta's Graph API: messages become requests (common/http/client.h), and what comes of them
// outcomes.
#pragma once

#include "common/http/client.h"
#include "common/settings/settings.h"
#include "worker/send/in_hand.h"

// A client for requests to it. The settings that count are those of its URL and version, of how
// long a request may take and how many may be under way.
struct tg_http *graph_create(const struct tg_settings *settings);

// Begins the request for a message with its channel's access token, and with a proof of the app's
// secret where the settings have one. There must be room. The message is the client's until it is
// finished or broken off; the token the caller's.
void graph_post(struct tg_http *http, const struct tg_settings *settings, struct in_hand *message,
                const struct tg_text *token);

// The next message whose request has ended, its outcome filled, or to be handed back if its claim
// had become too old (TG_SENDING_GRACE_MS) before the first byte of it could leave. NULL if there
// is none.
struct in_hand *graph_take_finished(struct tg_http *http);

// Breaks off one request that is under way: unconfirmed if something of its body has left, to be
// handed back if not. NULL if there is none.
struct in_hand *graph_break_off(struct tg_http *http);
