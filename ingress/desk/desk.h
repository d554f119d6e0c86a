// Endpoints that one SQL function answers: each is a row whose task says which, and what of the
// request that is given; one handler does the rest. Operators' functions are of the room admin,
// those of orgs of the room ingress: their org is the caller's. What means the same for both is of
// the room desk.
#pragma once

#include "common/store/desk.h"
#include "ingress/desk/member.h"
#include "ingress/route/endpoint.h"

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

// Of what kind a list's cursor, `before`, is: a number, an id, or a text that is the function's
// own.
enum desk_list { DESK_NO_LIST, DESK_LIST_BY_N, DESK_LIST_BY_ID, DESK_LIST_BY_MARK };

// Completes what SQL is asked with: `body` is the request's, as the members say, or empty where
// none is taken; `context` is what the row's table was added to the router with. False: refused
// with *error.
typedef bool desk_prepare(const void *context, struct tg_desk_question *question,
                          struct json_object *body, struct tg_error *error);

// Makes the document of what was asked, of more than one call. False: refused with *error.
typedef bool desk_make(struct tg_pg *pg, const struct tg_desk_question *question,
                       struct tg_text *document, struct tg_error *error);

// What comes of it beside the database, once SQL has answered with `document`. True: it answers the
// request by itself, now or later; else the document is the answer.
typedef bool desk_follow(struct request *request, const struct tg_desk_question *question,
                         const struct tg_text *document);

struct desk_task {
    const struct tg_call *call;    // or, where this is NULL,
    desk_make *make;               // what makes the answer
    const struct desk_name *path;  // its segments in braces; NULL, here and below: there are none
    const struct desk_name *query; // besides `limit` and `before` of a list
    enum desk_list list;
    int64_t limit;                     // of a list, unless given; 0: TG_LIST_LIMIT_DEFAULT
    const struct desk_member *find;    // further parameters, which the function gets as one object
    const struct desk_member *members; // of the body
    desk_prepare *prepare;             // NULL: there is nothing to complete
    desk_follow *follow;               // NULL: nothing comes of it
    int status;                        // of the answer; 0: 200
};

endpoint_on_database desk_answer;

// A row's task, and parts of it.
#define DESK_TASK(...)                                                                             \
    .on_database = desk_answer, .task = &(const struct desk_task)                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define DESK_NAMES(...) ((const struct desk_name[]){__VA_ARGS__, {0}})
#define DESK_MEMBERS(...) ((const struct desk_member[]){__VA_ARGS__, {0}})
#define DESK_BODY .body = BODY_JSON, .body_max = TG_ADMIN_BODY_MAX
#define DESK_BODY_OR_NONE DESK_BODY, .or_none = true // no member is required
