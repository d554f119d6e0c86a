// What the simulator knows of each of the numbers that send: its country code, and whether Meta
// puts it in front of recipients without a "+". Thread-safe.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "tests/metasim/counters.h"

#include <json-c/json.h>
#include <pthread.h>

struct numbers {
    pthread_mutex_t lock;
    struct counters codes; // by phone_number_id; below 0: the code's negative, and it is not put in
                           // front; 0: as all are at first
};

// All have the country code 1, which is put in front.
void numbers_init(struct numbers *numbers);
void numbers_finish(struct numbers *numbers);
void numbers_reset(struct numbers *numbers);

// The code to put in front of a recipient without a "+"; 0: none.
int numbers_code(struct numbers *numbers, const char *phone_number_id);

// Changes one as {"phone_number_id", "country_code", "adds_country_code"} says, of which the first
// must be there, and appends how it is then. False: `field` says what is wrong.
bool numbers_apply(struct numbers *numbers, struct json_object *change, struct tg_text *out,
                   struct tg_error *error) TG_MUST_CHECK;
