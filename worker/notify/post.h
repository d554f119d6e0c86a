// Requests to endpoints, by the thread that owns the client.
#pragma once

#include "common/http/client.h"
#include "common/settings/settings.h"
#include "worker/notify/telling.h"

struct tg_http *post_create(const struct tg_settings *settings, size_t calls);

// Begins the request. False: there is nothing to post, or it cannot be signed; the result is there.
bool post_begin(struct tg_http *http, const struct tg_settings *settings,
                struct telling *telling) TG_MUST_CHECK;

// The next one that has ended, with its result; NULL: there is none.
struct telling *post_take(struct tg_http *http, double *seconds);

// Breaks off one that is under way, without any result; NULL: there is none.
struct telling *post_break_off(struct tg_http *http);
