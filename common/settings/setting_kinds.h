// The kinds of values that settings have: how each is read from its text, and how its shape is told
// to a person. settings.c holds the table that uses them.
#pragma once

#include "common/base/text.h"

#include <stddef.h>
#include <stdint.h>

struct tg_setting;

// Reads `value` into `target`, whose type the kind fixes; false, with the target in no certain
// state, if the value has not the setting's shape. Reads nothing but the arguments.
typedef bool tg_setting_parse(const struct tg_setting *setting, const char *value, void *target);

struct tg_setting {
    const char *name;
    tg_setting_parse *parse;
    size_t offset;                    // of the target in struct tg_settings
    const char *standard;             // the default; NULL: the setting is required
    bool (*check)(const char *value); // of a text; NULL: any
    int64_t lowest;                   // of an integer
    int64_t highest;                  // of an integer
    const char *const *words; // of a choice or a set, in the order of their enum; NULL at the end
    // Words of the version before, which are still taken, each followed by what it is now; NULL at
    // the end, or altogether.
    const char *const *former;
    const char *shape; // what it "must be", where the words or bounds do not say it
    const char *help;
    const char *example; // what .env.example shows for a required setting
    unsigned daemons;    // of enum tg_daemon
    bool secret;         // its value is never shown
};

tg_setting_parse tg_setting_text;    // const char *, as it is, if it passes its check
tg_setting_parse tg_setting_address; // struct tg_address
tg_setting_parse tg_setting_integer; // int64_t
tg_setting_parse tg_setting_choice;  // an enum that counts the words from 0
tg_setting_parse tg_setting_yes_no;  // bool; the words are "no" and "yes"
tg_setting_parse tg_setting_set;     // an unsigned with bit n for word n; words with commas between

// Checks of texts.
bool tg_is_secrets(const char *value);  // up to TG_SECRETS_MAX, with commas between, without spaces
bool tg_is_http_url(const char *value); // with neither a query nor a slash at its end
bool tg_is_graph_version(const char *value);

// Appends what a value of the setting "must be", such as "a whole number from 1 to 64".
void tg_setting_describe(const struct tg_setting *setting, struct tg_text *text);
