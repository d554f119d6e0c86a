// A gateway that keeps files of contacts, and what tests ask of it.
#pragma once

#include "tests/system/relayed.h"

extern const char *store;        // the directory, or the address of the bucket
extern const char *store_key[3]; // settings of a bucket; NULL: there are none
extern struct daemon *keeper;    // the worker that fetches them

// A directory of the test's.
const char *given_directory(const char *name);
// TOLLGATE_MEDIA_STORE
const char *store_setting(const char *directory);

// Starts all of it: Acme wants its files kept, Beta does not. In a directory of its own; or in that
// place, with a further setting of the worker (NULL: none).
void given_keeper(void);
void given_keeper_with(const char *place, const char *further);
// The same, in a bucket (tests/bucket) that lies in that folder.
extern const char *bucket_folder;
#define BUCKET_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
void given_bucket_keeper(const char *further);
// "1": it is down, "cut": it breaks off, "0": neither.
void bucket_set_trouble(const char *trouble);
bool bucket_has_been_asked(const char *what);
// That every signature was right and no secret stands in a log; then all stops.
void bucket_end(void);

// One more worker that fetches, with a further setting.
struct daemon *start_keeper(const char *further);

// A contact sends the org a file that Meta has under this id; returns the message's id.
const char *receive_from(const struct org *org, const char *from, const char *media_id);
const char *receive_file(const struct org *org, const char *media_id);

// How a file stands, by its row.
const char *file_column(const char *id, const char *name);
bool file_is(const char *id, const char *state);
bool file_has_met(const char *id, const char *error);
// As if its time to be tried had come.
void make_file_due(const char *id);
const char *file_path(const char *id);

#define expect_refusal(answer, status, code) expect_refusal_at(HERE, answer, status, code)
void expect_refusal_at(const char *here, struct answer answer, int status, const char *code);

// That a large file is fetched within so many seconds and handed out, and never in the memory of
// either daemon as a whole. (A small one before has made what is made once.)
void expect_large_file_passes(int within_s);

// A file of the org's own, of so many bytes "x", uploaded as it is; and the request. Its id.
struct http_request own_file_of(const struct org *org, const char *type, size_t size);
const char *own_file(const struct org *org, const char *type, size_t size);
