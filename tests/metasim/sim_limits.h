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
    // Recipients, numbers, or pairs of them whose refusals or rates are followed.
    SIM_COUNTERS_MAX = 1000 * 1000,

    // A business-scoped user id is the longest kind of recipient; common/cloud_message.c takes 256.
    SIM_RECIPIENT_SIZE = 257,
    // Meta's ids of phone numbers are 64-bit integers: 20 digits and the NUL.
    SIM_PHONE_NUMBER_ID_SIZE = 21,
    // Meta's bound on biz_opaque_callback_data is 512 characters, each of at most 4 bytes in UTF-8.
    SIM_MESSAGE_ID_SIZE = 4 * 512 + 1,

    // Error codes are those that fit the six digits of a 15550 recipient.
    SIM_CODES = 1000 * 1000,
    SIM_ERROR_RULES_MAX = 1000,
};
