#include "common/settings/setting_kinds.h"

#include "common/base/digits.h"
#include "common/limits.h"
#include "common/service/listen.h"

#include <inttypes.h>
#include <string.h>

// After a comma a space is a slip, and with it no signature would ever be right.
bool tg_is_secrets(const char *value)
{
    int secrets = 0;
    for (const char *secret = value;; secret++) {
        size_t length = strcspn(secret, ", \t\r\n");
        if (length == 0 || ++secrets > TG_SECRETS_MAX)
            return false;
        secret += length;
        if (*secret != ',')
            return *secret == '\0';
    }
}

// A path is appended to it, so it has neither a query nor a slash at its end.
bool tg_is_http_url(const char *value)
{
    size_t scheme = strncmp(value, "https://", 8) == 0 ? 8 : 7;
    size_t length = strlen(value);
    if ((scheme == 7 && strncmp(value, "http://", 7) != 0) || length == scheme ||
        value[scheme] == '/' || value[length - 1] == '/')
        return false;
    for (const char *c = value; *c; c++) {
        if (*c <= ' ' || *c > '~' || strchr("?#@\"\\<>", *c))
            return false;
    }
    return true;
}

bool tg_is_graph_version(const char *value)
{
    if (*value != 'v')
        return false;
    size_t major = strspn(value + 1, "0123456789");
    const char *dot = value + 1 + major;
    size_t minor = *dot == '.' ? strspn(dot + 1, "0123456789") : 0;
    return major > 0 && minor > 0 && dot[1 + minor] == '\0';
}

bool tg_setting_text(const struct tg_setting *setting, const char *value, void *target)
{
    if (setting->check && !setting->check(value))
        return false;
    memcpy(target, &value, sizeof value);
    return true;
}

bool tg_setting_address(const struct tg_setting *setting, const char *value, void *target)
{
    (void)setting;
    return tg_address_parse(value, target);
}

bool tg_setting_integer(const struct tg_setting *setting, const char *value, void *target)
{
    int64_t number;
    if (!tg_decimal_read(value, setting->highest, &number) || number < setting->lowest)
        return false;
    memcpy(target, &number, sizeof number);
    return true;
}

static bool is_word(const char *word, size_t length, const char *known)
{
    return strlen(known) == length && strncmp(known, word, length) == 0;
}

// The place of the word of `length` bytes among the setting's words; -1 if it is none of them.
static int find_word(const struct tg_setting *setting, const char *word, size_t length)
{
    for (int i = 0; setting->former && setting->former[i]; i += 2) {
        if (is_word(word, length, setting->former[i])) {
            word = setting->former[i + 1];
            length = strlen(word);
        }
    }
    for (int i = 0; setting->words[i]; i++) {
        if (is_word(word, length, setting->words[i]))
            return i;
    }
    return -1;
}

bool tg_setting_choice(const struct tg_setting *setting, const char *value, void *target)
{
    int chosen = find_word(setting, value, strlen(value));
    if (chosen >= 0)
        memcpy(target, &chosen, sizeof chosen);
    return chosen >= 0;
}

bool tg_setting_yes_no(const struct tg_setting *setting, const char *value, void *target)
{
    int chosen = find_word(setting, value, strlen(value));
    bool yes = chosen == 1;
    memcpy(target, &yes, sizeof yes);
    return chosen >= 0;
}

bool tg_setting_set(const struct tg_setting *setting, const char *value, void *target)
{
    unsigned set = 0;
    for (const char *word = value;;) {
        size_t length = strcspn(word, ",");
        int place = find_word(setting, word, length);
        if (place < 0)
            return false;
        set |= 1U << place;
        if (word[length] == '\0')
            break;
        word += length + 1;
    }
    memcpy(target, &set, sizeof set);
    return true;
}

void tg_setting_describe(const struct tg_setting *setting, struct tg_text *text)
{
    if (setting->shape) {
        tg_text_append_string(text, setting->shape);
        return;
    }
    if (!setting->words) {
        tg_text_append_format(text, "a whole number from %" PRId64 " to %" PRId64, setting->lowest,
                              setting->highest);
        return;
    }
    bool set = setting->parse == tg_setting_set;
    const char *last = set ? " and " : " or ";
    tg_text_append_string(text, set ? "one or more of " : "");
    for (const char *const *word = setting->words; *word; word++) {
        const char *separator = word == setting->words ? "" : word[1] ? ", " : last;
        tg_text_append_format(text, "%s%s", separator, *word);
    }
    tg_text_append_string(text, set ? ", separated by commas" : "");
}
