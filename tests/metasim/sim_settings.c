#include "tests/metasim/sim_settings.h"

#include <inttypes.h>
#include <string.h>

struct kind {
    const char *name;
    int64_t start;
    int64_t max;
    bool boolean;
};

static const struct kind kinds[SETTINGS] = {
    [SETTING_LATENCY_MS] = {"latency_ms", 0, SIM_LATENCY_MS_MAX, false},
    [SETTING_MPS] = {"mps", 0, 1000000, false},
    [SETTING_PAIR_BURST] = {"pair_burst", 0, 1000000, false},
    [SETTING_PAIR_INTERVAL_MS] = {"pair_interval_ms", 6000, 86400000, false},
    [SETTING_RETRY_AFTER_S] = {"retry_after_s", 0, 86400, false},
    [SETTING_DOWN] = {"down", 0, 1, true},
    [SETTING_WEBHOOKS] = {"webhooks", 1, 1, true},
    [SETTING_USAGE_PERCENT] = {"usage_percent", 0, 1000, false},
    [SETTING_WANTS_PROOF] = {"wants_proof", 0, 1, true},
    [SETTING_CUT_UPLOAD_AT] = {"cut_upload_at", 0, 1000000000, false},
    [SETTING_CUT_DOWNLOAD_AT] = {"cut_download_at", 0, 1000000000, false},
    [SETTING_STALL_DOWNLOAD_AT] = {"stall_download_at", 0, 1000000000, false},
    [SETTING_WRONG_HASH] = {"wrong_hash", 0, 1, true},
    [SETTING_STATUS_GAP_MS] = {"status_gap_ms", 300, SIM_LATENCY_MS_MAX, false},
};

void sim_settings_init(struct sim_settings *settings, int64_t latency_ms)
{
    settings->start_latency_ms = latency_ms;
    sim_settings_reset(settings);
}

void sim_settings_reset(struct sim_settings *settings)
{
    for (size_t i = 0; i < SETTINGS; i++)
        atomic_store(&settings->values[i], kinds[i].start);
    atomic_store(&settings->values[SETTING_LATENCY_MS], settings->start_latency_ms);
}

int64_t sim_settings_get(const struct sim_settings *settings, enum setting setting)
{
    return atomic_load_explicit(&settings->values[setting], memory_order_relaxed);
}

static bool read_change(const char *name, struct json_object *value, size_t *setting,
                        int64_t *number, struct tg_error *error)
{
    size_t at = 0;
    while (at < SETTINGS && strcmp(kinds[at].name, name) != 0)
        at++;
    if (at == SETTINGS)
        return tg_error_set(error, "unknown_setting", name, "there is no setting \"%s\"", name);
    const struct kind *kind = &kinds[at];
    if (!json_object_is_type(value, kind->boolean ? json_type_boolean : json_type_int))
        return tg_error_set(error, "invalid_setting", name, "%s must be a %s", name,
                            kind->boolean ? "boolean" : "whole number");
    *setting = at;
    *number = kind->boolean ? json_object_get_boolean(value) : json_object_get_int64(value);
    if (*number < 0 || *number > kind->max)
        return tg_error_set(error, "invalid_setting", name, "%s must be 0 to %" PRId64, name,
                            kind->max);
    return true;
}

bool sim_settings_apply(struct sim_settings *settings, struct json_object *changes,
                        struct tg_error *error)
{
    if (!json_object_is_type(changes, json_type_object))
        return tg_error_set(error, "invalid_settings", NULL, "settings are a JSON object");
    int64_t numbers[SETTINGS];
    bool changed[SETTINGS] = {false};
    json_object_object_foreach(changes, name, value)
    {
        size_t setting = 0;
        int64_t number = 0;
        if (!read_change(name, value, &setting, &number, error))
            return false;
        numbers[setting] = number;
        changed[setting] = true;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        if (changed[i])
            atomic_store(&settings->values[i], numbers[i]);
    }
    return true;
}

void sim_settings_write(const struct sim_settings *settings, struct tg_text *out)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        int64_t number = sim_settings_get(settings, (enum setting)i);
        tg_text_append_format(out, "%s\"%s\":", i == 0 ? "{" : ",", kinds[i].name);
        if (kinds[i].boolean)
            tg_text_append_string(out, number ? "true" : "false");
        else
            tg_text_append_format(out, "%" PRId64, number);
    }
    tg_text_append_string(out, "}");
}
