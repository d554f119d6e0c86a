// What the sink has heard, and whether that is what its tenants were to be told.
#pragma once

#include "tests/system/tenants.h"

enum { HEARD_MAX = 4000 };

struct heard {
    const char *path;
    const char *id;
    const char *type;
    const char *message_id;
    const char *phone;
    const char *wamid;
    const char *body;
    const char *signature_of_meta;
    bool is_verified;
};

struct told {
    struct heard heard[HEARD_MAX];
    size_t count;
};

struct told *all_that_was_told(struct sink *sink);

// At each endpoint that asks for events: what the tenant's feed has, each under one id and signed,
// what the test itself has done, and nothing of another's.
void expect_told(const struct tenant *tenant, const struct told *told);

// All that Meta has posted about the org's number, signed as Meta signs, and nothing of others.
void expect_told_what_meta_posted(const struct tenant *tenant, const struct endpoint *endpoint,
                                  const struct told *told);
