// The way out: HTTP requests under way in one libcurl multi handle, driven by epoll. No other room
// knows libcurl.
//
// What changes something must not reach the other side twice. libcurl by itself sends a request
// again on a reused connection that died. So a body is given to it by a read function, with a seek
// function that refuses: it fails instead (CURLE_SEND_FAIL_REWIND). And a request without a body
// that is no GET gets a new connection, on which libcurl does not do that.
//
// Copies that libcurl makes of a request are wiped when they are freed: a header may be a secret.
//
// One thread uses a client; only tg_http_wake may be called by others.
#pragma once

#include "common/base/network.h"
#include "common/base/text.h"

#include <stdint.h>

struct tg_http;

struct tg_http_options {
    size_t calls_max; // requests that may be under way at once; so many connections too
    int silence_ms;   // a connection on which nothing is acknowledged for so long is dead
    bool https_only;  // plain HTTP is for what runs beside us, such as a simulator
    const char
        *ca_file; // of certificates that the other side's must be signed by; NULL: the system's
    const char *user_agent; // NULL: tollgate/VERSION; must outlive the client
    size_t buffer_bytes;    // for each way of a request; 0: enough for bodies of a few KiB
    // For addresses that strangers write: no connection is made but to where the internet is
    // (outside.h), and to these networks. NULL: to everywhere.
    const struct tg_networks *outside_and;
};

// A request. Everything is borrowed, until tg_http_begin returns; but the body's bytes, and those
// around a file, until the request has ended, and the context is only carried.
enum { TG_HTTP_HEADERS_MAX = 8 };
struct tg_http_request {
    const char *method; // "POST", ...
    const char *url;
    const char *headers[TG_HTTP_HEADERS_MAX]; // "Name: value"; NULL behind the last one
    struct tg_span body;                      // data NULL: none, as a GET has none
    // In its place, if it has any bytes: so many of a file, from there on, which stays the
    // caller's, and open until the request has ended; and what stands around it in the body.
    int file;
    size_t file_from;
    size_t file_size;
    struct tg_span before;
    struct tg_span after;
    int connect_timeout_ms;
    int timeout_ms;    // for all of it
    int stall_s;       // nothing moves for so long: it is ended; 0: it may
    size_t answer_max; // bytes of the body; a longer answer is none
    // As S3 wants it, "aws:amz:REGION:s3" (AWS Signature Version 4), by the key's id and secret;
    // the caller names the body's sum in X-Amz-Content-Sha256. NULL: it is not signed.
    const char *sign_as;
    const char *key_id;
    const char *key_secret;
    void *context;                    // the caller's
    bool (*hold_back)(void *context); // asked before the first byte of the body leaves; NULL: go on
    // Takes the answer's body as it comes, so that none of it is kept; false ends the request.
    // NULL: it is kept.
    bool (*take)(void *context, int status, const char *bytes, size_t size);
};

enum tg_http_end {
    TG_HTTP_ANSWERED, // a whole answer came, whatever it says
    // There is no answer, and the request was certainly not taken.
    TG_HTTP_NO_HOST,   // its name was not found
    TG_HTTP_REFUSED,   // no connection
    TG_HTTP_NO_TLS,    // no encrypted one, or with somebody else
    TG_HTTP_HELD_BACK, // by request.hold_back
    TG_HTTP_UNSENT,    // anything else before the first byte of the body left
    // There is no answer, and it may have been taken.
    TG_HTTP_UNKNOWN,
};

// What came of a request.
struct tg_http_answer {
    void *context; // the request's
    enum tg_http_end end;
    bool sent;             // something of the body has left; without one, of the request
    bool again;            // libcurl would have sent it a second time
    bool inside;           // an address was not connected to, as it is not outside
    int status;            // 0 unless answered
    int64_t retry_after_s; // what Retry-After asks for; 0: nothing
    double seconds;        // that it took
    const char *reason;    // why there is no answer; "" if there is one
    struct tg_span body;   // the answer's, never NULL; lives until the next tg_http_begin
    void *handle;          // libcurl's
};

// Any number in a process, but one create or destroy at a time: they initialise libcurl and clean
// it up.
struct tg_http *tg_http_create(const struct tg_http_options *options);
void tg_http_destroy(struct tg_http *http); // NULL is fine; nothing may be under way

// Ends a tg_http_run that waits. Thread-safe.
void tg_http_wake(struct tg_http *http);

// How many requests are under way, and how many more may be.
size_t tg_http_active(const struct tg_http *http);
size_t tg_http_room(const struct tg_http *http);

// Begins a request. There must be room.
void tg_http_begin(struct tg_http *http, const struct tg_http_request *request);

// Drives the requests, waiting up to `timeout_ms` for something to happen.
void tg_http_run(struct tg_http *http, int timeout_ms);

// The next request that has ended. False: there is none.
bool tg_http_take(struct tg_http *http, struct tg_http_answer *answer) TG_MUST_CHECK;

// A header of the answer, the last of that name; NULL: there is none. Lives as its body does.
const char *tg_http_header(const struct tg_http_answer *answer, const char *name);

// Breaks off one request that is under way: TG_HTTP_UNSENT, or TG_HTTP_UNKNOWN if it was sent. Take
// what has ended before: it would count as broken off. False: there is none.
bool tg_http_break_off(struct tg_http *http, struct tg_http_answer *answer) TG_MUST_CHECK;
// The same for the one with this context.
bool tg_http_break_off_one(struct tg_http *http, const void *context,
                           struct tg_http_answer *answer) TG_MUST_CHECK;
