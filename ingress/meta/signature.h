// The header in which Meta signs a webhook (docs/meta.md, "Handshake and signature").
#pragma once

#include "common/crypto/digest.h"

#define SIGNATURE_HEADER "X-Hub-Signature-256"

// Reads "sha256=" and 64 hexadecimal digits. False: it is something else.
bool signature_read(const char *header, unsigned char mac[static TG_SHA256_SIZE]);
