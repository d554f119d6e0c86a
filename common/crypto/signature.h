// Meta's signature of a webhook (docs/meta.md, "Handshake and signature"): "sha256=" and 64
// hexadecimal digits, the HMAC-SHA256 of the body's bytes under the secret of an app. Thread-safe.
#pragma once

#include "common/base/shared_text.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"

#define TG_SIGNATURE_HEADER "X-Hub-Signature-256" // in which it comes
enum { TG_SIGNATURE_LENGTH = 7 + 2 * TG_SHA256_SIZE };

// Does the text begin as a signature does, and is it long enough for one?
bool tg_signature_begins(const char *text);

// Reads a signature; blanks behind it are not of it. False: it is something else.
bool tg_signature_read(const char *text, unsigned char mac[static TG_SHA256_SIZE]);

// Is it the signature of these bytes under one of the secrets, which are separated by commas? Takes
// the same time for every wrong one.
bool tg_signature_is_right(const char *signature, const char *secrets, const void *bytes,
                           size_t length);

// The same under secrets that may be exchanged meanwhile.
bool tg_signature_is_right_now(const char *signature, struct tg_shared_text *secrets,
                               const void *bytes, size_t length);

// Appends the signature of these bytes under one secret: ours of what we post as Meta does.
void tg_signature_write(struct tg_span secret, struct tg_span bytes, struct tg_text *signature);
