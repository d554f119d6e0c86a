// The bodies of Meta's webhooks, in its shapes and in its bytes: characters outside ASCII are
// written \uXXXX, and the signature is over what results. Thread-safe.
#pragma once

#include "common/base/text.h"
#include "tests/metasim/judge.h"
#include "tests/metasim/status_plan.h"

#include <stdint.h>

struct webhook_status {
    const char *phone_number_id;
    const char *wamid;
    const char *recipient; // a wa_id, or a user's or group's id
    enum addressee addressee;
    const char *category;
    const char *callback_data; // biz_opaque_callback_data of the send; "": none
    int error_code;            // of STATUS_FAILED, and its title and details; 0: none
    const char *error_title;
    const char *error_details;
    enum status_kind status;
    int64_t timestamp_s; // Unix time
};

// Appends the body of a webhook with this one status. Of a group each participant has a status of
// its own in it; with an error code the first one's `delivered` is `failed`, and `read` it is not.
void webhook_body_status(const struct webhook_status *status, struct tg_text *out);

struct webhook_inbound {
    const char *phone_number_id;
    const char *wa_id;   // of the customer; NULL: hidden
    const char *user_id; // business-scoped user id; NULL: none
    const char *name;
    size_t name_length;
    const char *list; // "messages"; "statuses": of nobody
    const char *item; // JSON: the member of it
};

// Appends the body of a webhook with this one message of a customer's, or this status.
void webhook_body_inbound(const struct webhook_inbound *inbound, struct tg_text *out);

// Appends the body of a webhook with this one change: JSON, as it is.
void webhook_body_change(const char *field, const char *value, struct tg_text *out);

enum { WEBHOOK_SIGNATURE_SIZE = 7 + 64 + 1 };

// "sha256=" and the hexadecimal HMAC-SHA256 of the bytes, as the header X-Hub-Signature-256 has it.
void webhook_body_sign(const struct tg_text *body, const char *secret,
                       char signature[static WEBHOOK_SIGNATURE_SIZE]);
