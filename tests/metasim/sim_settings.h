// The simulator's settings that POST /_sim/settings changes while it runs. Thread-safe.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

#include <json-c/json.h>
#include <stdatomic.h>
#include <stdint.h>

enum setting {
    SETTING_LATENCY_MS,        // before every answer of Meta's API
    SETTING_MPS,               // messages a second that a number may send; 0: any
    SETTING_PAIR_BURST,        // messages that a number may send to one recipient at once; 0: any
    SETTING_PAIR_INTERVAL_MS,  // after how long one more of that burst is free again
    SETTING_RETRY_AFTER_S,     // Retry-After of what is refused; 0: none
    SETTING_DOWN,              // Meta is down: every request is answered 503
    SETTING_WEBHOOKS,          // messages taken from now on get status webhooks
    SETTING_USAGE_PERCENT,     // how much of its rates the app has used, as headers tell
    SETTING_WANTS_PROOF,       // calls must have an appsecret_proof
    SETTING_CUT_UPLOAD_AT,     // uploads are cut off behind so many bytes; 0: they are not
    SETTING_CUT_DOWNLOAD_AT,   // and downloads
    SETTING_STALL_DOWNLOAD_AT, // of which nothing more comes behind so many bytes; 0: it does
    SETTING_WRONG_HASH,        // files are told to be others than they are
    SETTING_STATUS_GAP_MS,     // what the times of a message's status webhooks are counted in
    SETTINGS,
};

struct sim_settings {
    atomic_int_fast64_t values[SETTINGS];
    int64_t start_latency_ms;
};

enum { SIM_LATENCY_MS_MAX = 10 * 60 * 1000 };

// Everything as Meta has it, without limits, and the latency that --latency-ms asks for; this is
// also what reset goes back to.
void sim_settings_init(struct sim_settings *settings, int64_t latency_ms);
void sim_settings_reset(struct sim_settings *settings);

int64_t sim_settings_get(const struct sim_settings *settings, enum setting setting);

// Applies the members of a JSON object, all or none. An unknown name, a wrong type or a number out
// of bounds: false, `field` is the name.
bool sim_settings_apply(struct sim_settings *settings, struct json_object *changes,
                        struct tg_error *error) TG_MUST_CHECK;

// Appends all settings as a JSON object.
void sim_settings_write(const struct sim_settings *settings, struct tg_text *out);
