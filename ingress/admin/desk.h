// The operators' desk: /admin. Each endpoint is a row whose task says which SQL function of the
// room admin answers it, and what of the request that is given; one handler does the rest. The
// tables are added to the router with the settings (const struct tg_settings *).
#pragma once

#include "common/settings/settings.h"
#include "common/store/desk.h"
#include "ingress/route/endpoint.h"

#include <json-c/json.h>

// What a member of the body must be.
enum desk_kind {
    DESK_TEXT,   // a string of 1 to `max` bytes; `max` 0: 255
    DESK_TEXTS,  // a list of such strings
    DESK_ID,     // a UUID
    DESK_NUMBER, // a whole number from 0 to `max`
    DESK_MONEY,  // a string such as "-12.50": up to ten digits, and up to four decimals
    DESK_BOOL,
    DESK_TIME,  // as RFC 3339 has it
    DESK_OBJECT // an object, or a string of up to `max` bytes
};

struct desk_member {
    const char *name; // NULL: behind the last one
    enum desk_kind kind;
    bool required;
    bool clears; // null stands for none; elsewhere it counts as absent
    int64_t max;
};

// What one segment of the path, or one parameter of the query, is to the function.
enum desk_part {
    DESK_ORG_ID,
    DESK_THING_ID,
    DESK_THING_N,
    DESK_THING_NAME,
    DESK_FIND_TEXT // each the next of the question's texts
};

struct desk_name {
    const char *name; // NULL: behind the last one
    enum desk_part part;
};

enum desk_list { DESK_NO_LIST, DESK_LIST_BY_N, DESK_LIST_BY_ID };

// Completes what SQL is asked with: `body` is the request's, as the members say, or empty where
// none is taken. False: refused with *error.
typedef bool desk_prepare(const struct tg_settings *settings, struct tg_desk_question *question,
                          struct json_object *body, struct tg_error *error);

struct desk_task {
    const struct tg_call *call;
    const struct desk_name *path;  // its segments in braces; NULL, here and below: there are none
    const struct desk_name *query; // besides `limit` and `before` of a list
    enum desk_list list;           // and of what kind `before` is
    const struct desk_member *members; // of the body
    desk_prepare *prepare;             // NULL: there is nothing to complete
    int status;                        // of the answer; 0: 200
};

endpoint_on_database desk_answer;

// Reads a body that must be as the members say, and appends it as the SQL functions get it: without
// what counts as absent. Failure: `field` is the member at fault, or "body".
bool desk_read_body(const struct tg_text *bytes, const struct desk_member *members,
                    struct tg_text *read, struct tg_error *error) TG_MUST_CHECK;

// A row's task, and parts of it.
#define DESK_TASK(...)                                                                             \
    .on_database = desk_answer, .task = &(const struct desk_task)                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define DESK_NAMES(...) ((const struct desk_name[]){__VA_ARGS__, {0}})
#define DESK_MEMBERS(...) ((const struct desk_member[]){__VA_ARGS__, {0}})
#define DESK_BODY .body = BODY_JSON, .body_max = TG_ADMIN_BODY_MAX

// Each subject's table is in its own file.
extern const struct endpoint org_endpoints[];
extern const struct endpoint channel_endpoints[];
extern const struct endpoint desk_wallet_endpoints[];
extern const struct endpoint key_endpoints[];
extern const struct endpoint desk_session_endpoints[];
extern const struct endpoint operator_endpoints[];
extern const struct endpoint audit_log_endpoints[];
extern const struct endpoint rule_endpoints[];
extern const struct endpoint error_rule_endpoints[];
extern const struct endpoint dead_letter_endpoints[];
extern const struct endpoint alert_endpoints[];
extern const struct endpoint found_message_endpoints[];
extern const struct endpoint overview_endpoints[];
extern const struct endpoint token_key_endpoints[];

// All of them; NULL behind the last one.
extern const struct endpoint *const desk_tables[];
