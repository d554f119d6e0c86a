// What Meta keeps beside messages: accounts and their numbers, profiles, PINs, templates,
// subscriptions, files; and whose all that is. An id is whose token has claimed it (/_sim/account),
// or has used it first; for all others it does not exist. Thread-safe but where it says otherwise.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "tests/metasim/sim_limits.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdint.h>

// A file that was uploaded.
struct estate_file {
    char id[24];
    char token[256];
    char phone_number_id[24];
    char type[128];
    char sha256[65];
    int file;
    uint64_t size;
    unsigned issue; // of its address: one of before is dead
};

struct estate {
    pthread_mutex_t lock; // for what follows
    uint64_t last_id;
    struct json_object *owners;    // token by id
    struct json_object *numbers;   // fields by phone_number_id
    struct json_object *accounts;  // by waba_id: {"templates": {id: ...}, "subscribed": ...}
    struct json_object *templates; // waba_id by template id
    struct json_object *dead;      // tokens
    struct json_object *calls;     // how often each came
    struct estate_file files[SIM_FILES_MAX];
};

void estate_init(struct estate *estate);
void estate_finish(struct estate *estate);
void estate_reset(struct estate *estate);

// Claims what {"token", "waba_id", "phone_number_ids": [...]} names ("endless", "huge": its list of
// templates is), or kills the token ({"token",
// "dead": true}), or the addresses of a file ({"media_id"}), or sets fields of a number
// ({"phone_number_id", "fields": {...}}).
bool estate_apply(struct estate *estate, struct json_object *change,
                  struct tg_error *error) TG_MUST_CHECK;

// Counts one more call, "GET /v23.0/1001/phone_numbers"; and tells how often each came.
void estate_count(struct estate *estate, const char *method, const char *path);
void estate_write_calls(struct estate *estate, struct tg_text *out);

bool estate_is_dead(struct estate *estate, const char *token);

// Is the id the token's? One that is nobody's becomes it. Under the lock.
bool estate_owns(struct estate *estate, const char *token, const char *id);

// The fields of a number, or an account, made if need be; borrowed. Under the lock.
struct json_object *estate_number(struct estate *estate, const char *id);
struct json_object *estate_account(struct estate *estate, const char *id);

// The template of that id, of whichever account; NULL: there is none. Borrowed. Under the lock.
struct json_object *estate_template(struct estate *estate, const char *id);

// A new id, that no other thing has; and whether an id was one, of what may be gone. Under the
// lock.
uint64_t estate_new_id(struct estate *estate);
bool estate_was_new(const struct estate *estate, const char *id);

// The file of that id, NULL: there is none of the token's. Under the lock.
struct estate_file *estate_file(struct estate *estate, const char *token, const char *id);
// Keeps a file, which it closes at its end, in place of the oldest if need be, and gives it an id.
// Under the lock.
struct estate_file *estate_keep(struct estate *estate, const struct estate_file *given);
void estate_drop(struct estate_file *file); // under the lock
