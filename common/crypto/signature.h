// The header in which Meta signs a webhook (docs/meta.md, "Handshake and signature").
#pragma once

#include "common/crypto/digest.h"

#define SIGNATURE_HEADER "X-Hub-Signature-256"

// Does it begin as a signature does, and is it long enough for one?
bool signature_begins(const char *header);

// Reads "sha256=" and 64 hexadecimal digits; blanks behind them are not of it. False: it is
// something else.
bool signature_read(const char *header, unsigned char mac[static TG_SHA256_SIZE]);
