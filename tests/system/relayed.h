// What tests of the relay stand on: two orgs, each with an account and a number of its own at Meta,
// and keys that may do all; and files on their way.
#pragma once

#include "tests/system/org.h"

// One test's gateway.
extern struct gateway *gateway;
extern struct org acme; // number 4711001, account 71001, token EAAAcme
extern struct org beta; // 4711002, 71002, EAABeta

// Starts all of it, without workers unless the options say so.
#define given_relay(...)                                                                           \
    relay_given(&(const struct gateway_options){.without_worker = true, __VA_ARGS__})
void relay_given(const struct gateway_options *options);

// No secret of anybody's must stand in the log; then all stops.
void relay_end(void);

// A request with the org's key.
#define call(org, ...) ask(gateway->http, .key = (org)->key, __VA_ARGS__)

#define expect_status(answer, status) expect_status_at(HERE, answer, status)
void expect_status_at(const char *here, struct answer answer, int status);

// Meta's envelope, with this code.
#define expect_error(answer, status, code) expect_error_at(HERE, answer, status, code)
void expect_error_at(const char *here, struct answer answer, int status, const char *code);

// That there is no such object.
#define expect_not_there(answer) expect_not_there_at(HERE, answer)
void expect_not_there_at(const char *here, struct answer answer);

// A form with a file of so many bytes "x"; and the media id that comes of it.
struct http_request upload_of(const struct org *org, const char *type, size_t size);
const char *upload(const struct org *org, const char *type, size_t size);

// Of files, in bytes.
enum { MB = 1000 * 1000, LARGE = 95 * MB };

// The most memory that a daemon has had, in MiB, since forget_memory. Under a sanitizer it has more
// at first: what comes on top is what counts.
long most_memory(const struct daemon *daemon);
void forget_memory(const struct daemon *daemon);
#define expect_no_more_memory(daemon, before_mib) expect_no_more_memory_at(HERE, daemon, before_mib)
void expect_no_more_memory_at(const char *here, const struct daemon *daemon, long before_mib);

// The path of an address of ours.
const char *path_in(const char *url);
// That of a file.
const char *content_path(const struct org *org, const char *media_id);

// A template of the org's account; its id.
const char *given_template(const struct org *org, const char *name);
