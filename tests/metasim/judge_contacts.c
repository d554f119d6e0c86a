// Contact cards.
#include "tests/metasim/judge_shapes.h"

// Meta's description has HOME and WORK alone, its page CELL, MAIN and IPHONE besides, and its
// examples words of one's own.
#define PLACE .name = "type", .is = TEXT

static const struct shape address = {
    .rules = RULES({.name = "street", .is = TEXT}, {.name = "city", .is = TEXT},
                   {.name = "state", .is = TEXT}, {.name = "zip", .is = TEXT},
                   {.name = "country", .is = TEXT}, {.name = "country_code", .is = TEXT}, {PLACE}),
    .closed = true,
};

static const struct shape email = {
    .rules = RULES({.name = "email", .is = TEXT, .need = REQUIRED}, {PLACE}),
    .closed = true,
};

// Meta's description asks for no name; its page on contacts messages does.
static const struct shape name = {
    .rules = RULES({.name = "formatted_name", .is = TEXT, .need = REQUIRED, .min = 1},
                   {.name = "first_name", .is = TEXT}, {.name = "middle_name", .is = TEXT},
                   {.name = "last_name", .is = TEXT}, {.name = "prefix", .is = TEXT},
                   {.name = "suffix", .is = TEXT}),
    .closed = true,
};

static const struct shape organization = {
    .rules = RULES({.name = "company", .is = TEXT}, {.name = "department", .is = TEXT},
                   {.name = "title", .is = TEXT}),
    .closed = true,
};

static const struct shape phone = {
    .rules = RULES({.name = "phone", .is = TEXT, .need = REQUIRED}, {.name = "wa_id", .is = TEXT},
                   {PLACE}),
    .closed = true,
};

static const struct shape url = {
    .rules = RULES({.name = "url", .is = TEXT, .need = REQUIRED}, {PLACE}),
    .closed = true,
};

const struct shape judge_contact = {
    .rules = RULES({.name = "name", .is = OBJECT, .need = REQUIRED, .shape = &name},
                   {.name = "addresses", .is = LIST, .shape = &address},
                   {.name = "birthday", .is = TEXT, .form = &form_date},
                   {.name = "emails", .is = LIST, .shape = &email},
                   {.name = "org", .is = OBJECT, .shape = &organization},
                   {.name = "phones", .is = LIST, .shape = &phone},
                   {.name = "urls", .is = LIST, .shape = &url}),
    .closed = true,
};
