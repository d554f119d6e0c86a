// Meta's webhook contract (docs/meta.md, "Handshake and signature"): the handshake, and the
// signature over the raw bytes of what is posted. There is no way in without one. Thread-safe.
#pragma once

#include "common/settings/settings.h"
#include "ingress/http/server.h"
#include "ingress/meta/webhook_writer.h"

struct webhook;

// Both arguments are borrowed and must outlive it.
struct webhook *webhook_create(const struct tg_settings *settings, struct publisher *publisher);
void webhook_destroy(struct webhook *webhook);

// GET: echoes hub.challenge as text to who subscribes and names the verify token; 403 for others.
void webhook_shake_hands(const struct webhook *webhook, struct request *request);

// POST: a body that one of the app secrets has signed is stored, whatever it is: what is no
// JSON, or nothing that we understand, is the worker's to file under dead_letters, where a person
// sees it; a refusal would only make Meta repeat it for days. 401 for all else, of which nothing is
// kept.
void webhook_take(const struct webhook *webhook, struct request *request);

// Is `header`, "sha256=" and 64 hexadecimal digits, the HMAC-SHA256 of the body under one of the
// secrets, which are separated by commas? Takes the same time for every wrong signature.
bool webhook_is_signed(const char *secrets, const char *header, const struct tg_text *body);
