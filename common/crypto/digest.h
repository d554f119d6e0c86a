// Digests by libcrypto, and comparing what must not be guessed. Thread-safe; cannot fail.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

enum { TG_SHA256_SIZE = 32 };

void tg_sha256(const void *bytes, size_t length, unsigned char digest[static TG_SHA256_SIZE]);

// The same of what comes in pieces. Whoever begins one ends it, or drops it.
struct tg_sha256;
struct tg_sha256 *tg_sha256_begin(void) TG_MUST_CHECK;
void tg_sha256_add(struct tg_sha256 *sum, const void *bytes, size_t length);
void tg_sha256_end(struct tg_sha256 *sum, unsigned char digest[static TG_SHA256_SIZE]);
void tg_sha256_drop(struct tg_sha256 *sum); // NULL is fine

void tg_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                    unsigned char mac[static TG_SHA256_SIZE]);

// Are these digests the same? Takes the same time whatever they are.
bool tg_same_digest(const unsigned char a[static TG_SHA256_SIZE],
                    const unsigned char b[static TG_SHA256_SIZE]);

// Are these the same text? Takes a time that tells nothing but their lengths.
bool tg_same_text(const char *a, const char *b);
