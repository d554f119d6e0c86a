// Private to the judge: what rules are made of. A shape is what an object must look like, a rule
// what one of its members must; tables of both are all that the judge knows of Meta's messages.
#pragma once

#include "common/base/json.h"
#include "tests/metasim/judge.h"

#include <stddef.h>

enum {
    CODE_UNEXPECTED = 100,     // a member that Meta does not know there
    CODE_MISSING = 131008,     // one that must be there
    CODE_WRONG = 131009,       // a value that is not taken
    CODE_TYPE_UNKNOWN = 131051 // a message type that Meta does not have
};

// What a value may be, in JSON.
enum { TEXT = 1, NUMBER = 2, FLAG = 4, OBJECT = 8, LIST = 16 };

enum need { OPTIONAL, REQUIRED, FORBIDDEN };

// What a text or a number must look like beyond its length.
struct form {
    const char *name; // as in "must be ..."
    bool (*fits)(struct json_object *value);
};

struct rule {
    const char *name; // of the member; NULL ends a table
    unsigned is;      // TEXT, ...: any of these
    enum need need;
    size_t min, max;           // characters of a text, elements of a list; max 0: any
    const char *const *values; // the only ones that a text may have, ended by NULL; NULL: any
    const struct form *form;   // NULL: any
    const struct shape *shape; // of the object, or of each element of the list; NULL: any
    int code;                  // of a refusal; 0: the usual one
};

struct variant {
    const char *name; // NULL ends a table
    const struct shape *shape;
};

struct judge; // on its way through a message

struct shape {
    const struct rule *rules;
    bool closed;               // no members but those of the rules
    const char *const *one_of; // exactly one of these members must be there; NULL: no such rule
    const char *tag;           // the member whose text picks a variant; NULL: there are none
    const char *default_tag;   // in place of a member that is absent
    int unknown_code;          // of a tag that is no variant's
    const struct variant *variants; // the object must have this shape, too
    // What no table says; NULL: nothing.
    bool (*also)(struct judge *judge, struct json_object *object);
};

// Tables in place.
#define RULES(...)                                                                                 \
    (const struct rule[])                                                                          \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .name = NULL                                                                           \
        }                                                                                          \
    }
#define VARIANTS(...)                                                                              \
    (const struct variant[])                                                                       \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define NAMES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

// Objects to the member that the walk stands at, or to `member` of it (a path such as
// "sections[1].title"; NULL: itself): the details are its path, a space and the text. Returns
// false.
bool judge_refuse(struct judge *judge, int code, const char *member, const char *format, ...)
    TG_PRINTF(4, 5);

// Walks through an object. The first thing that is wrong is objected to.
bool judge_object(struct judge *judge, struct json_object *object, const struct shape *shape);

struct judge {
    struct objection *objection;
    char path[sizeof((struct objection *)0)->field];
    size_t length; // of the path
};
