// Every bound of the Meta simulator, with its reason.
#pragma once

enum {
    // Each request in flight over HTTP/1.1 is a connection; a few workers with hundreds each fit.
    // libmicrohttpd divides this among its threads, so even all on one thread are 2,048.
    SIM_CONNECTIONS_MAX = 4096,
    SIM_CONNECTION_MEMORY_BYTES = 16 * 1024,
    SIM_THREADS = 2,
    SIM_LISTEN_BACKLOG = 1024,
    // Long enough never to close a connection of a test that pauses, which would look like a fault.
    SIM_CONNECTION_IDLE_S = 300,

    // Posts that are remembered one by one: about 200 bytes each, so 200 MB at most.
    SIM_POSTS_MAX = 1000 * 1000,
    // Posts listed in one answer of /_sim/posts; the counts beside the list have no such bound.
    SIM_POSTS_LISTED_MAX = 1000,
    // Posts in one page of /_sim/log, about 200 bytes each.
    SIM_LOG_LISTED_MAX = 10 * 1000,
    // Recipients, numbers, or pairs of them whose refusals or rates are followed.
    SIM_COUNTERS_MAX = 1000 * 1000,

    // Webhooks that wait: three statuses of each of more messages than any test leaves unread, and
    // their memory, which is a few hundred bytes for the statuses of one message but up to
    // SIM_BODY_MAX for one that /_sim/inbound is given.
    SIM_WEBHOOKS_MAX = 500 * 1000,
    SIM_WEBHOOK_BYTES_MAX = 512 * 1024 * 1024,
    // Webhooks under way at once. Each is a connection to the gateway.
    SIM_WEBHOOKS_AT_ONCE = 64,
    // A webhook that is not acknowledged in this time is posted again.
    SIM_WEBHOOK_TIMEOUT_MS = 5000,
    SIM_WEBHOOK_RETRY_MS_MIN = 250,
    SIM_WEBHOOK_RETRY_MS_MAX = 15000,
    // An answer is held so long at most for the webhooks that come before it.
    SIM_HELD_ANSWER_MS_MAX = 5000,
    SIM_WEBHOOK_URL_SIZE = 2048,
    SIM_WEBHOOK_SECRET_SIZE = 256,
    // How often /_sim/inbound posts one body.
    SIM_INBOUND_TIMES_MAX = 1000,

    // What a body has beyond this is read but not kept. Meta names no limit; it is more than any
    // gateway lets through.
    SIM_BODY_MAX = 1024 * 1024,
    // What a form with a file is read by.
    SIM_UPLOAD_BUFFER_BYTES = 64 * 1024,
    // Files that are kept, on disk: the oldest goes.
    SIM_FILES_MAX = 256,
    // A business-scoped user id is the longest kind of recipient; judge.c takes 256 characters of
    // ASCII.
    SIM_RECIPIENT_SIZE = 257,
    // Meta's ids of phone numbers are 64-bit integers: 20 digits and the NUL.
    SIM_PHONE_NUMBER_ID_SIZE = 21,
    // Meta's bound on biz_opaque_callback_data is 512 characters, each of at most 4 bytes in UTF-8.
    SIM_MESSAGE_ID_SIZE = 4 * 512 + 1,

    // Error codes are those that fit the six digits of a 15550 recipient.
    SIM_CODES = 1000 * 1000,
    SIM_ERROR_RULES_MAX = 1000,

    // Enough to tell one's failure from the others' success.
    SIM_GROUP_PARTICIPANTS = 3,
};

// The phone of a group's first participant; the others' follow it.
#define SIM_GROUP_PARTICIPANT_FIRST INT64_C(15559000001)
