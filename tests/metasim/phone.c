#include "tests/metasim/phone.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MIN = 7, DIGITS_MAX = SIM_PHONE_SIZE - 1 };

bool phone_read(const char *text, int country_code, char phone[static SIM_PHONE_SIZE])
{
    char digits[SIM_PHONE_SIZE] = "";
    size_t length = 0;
    phone[0] = '\0';
    text += strspn(text, " ");
    bool plus = *text == '+';
    for (const char *at = text + plus; *at; at++) {
        if (*at >= '0' && *at <= '9' && length < DIGITS_MAX)
            digits[length++] = *at;
        else if (!strchr(" -()[]", *at))
            return false;
    }
    char code[8];
    int code_length = snprintf(code, sizeof code, "%d", country_code);
    bool complete = plus || country_code == 0 || strncmp(digits, code, (size_t)code_length) == 0;
    char full[sizeof code + sizeof digits];
    int full_length = snprintf(full, sizeof full, "%s%s", complete ? "" : code, digits);
    if (full_length < DIGITS_MIN || full_length > DIGITS_MAX || full[0] == '0')
        return false;
    memcpy(phone, full, (size_t)full_length + 1);
    return true;
}

static void insert(char wa_id[static SIM_PHONE_SIZE], size_t at, char digit)
{
    memmove(wa_id + at + 1, wa_id + at, strlen(wa_id + at) + 1);
    wa_id[at] = digit;
}

// "55", two digits of area code, and eight digits or nine: a mobile number's eight begin with 6 to
// 9, its ninth is a 9 in front of them.
static void spell_brazilian(char wa_id[static SIM_PHONE_SIZE])
{
    enum { AREA = 2, LOCAL = 4, SHORT = 12, LONG = 13 };
    bool has_ninth = strncmp(wa_id + AREA, "29", 2) < 0;
    size_t length = strlen(wa_id);
    if (has_ninth && length == SHORT && wa_id[LOCAL] >= '6')
        insert(wa_id, LOCAL, '9');
    else if (!has_ninth && length == LONG && wa_id[LOCAL] == '9')
        memmove(wa_id + LOCAL, wa_id + LOCAL + 1, length - LOCAL);
}

void phone_wa_id(const char *phone, char wa_id[static SIM_PHONE_SIZE])
{
    enum { AFTER_COUNTRY = 2, WITHOUT_EXTRA = 12 };
    size_t length = strlen(phone);
    memcpy(wa_id, phone, length + 1);
    if (strncmp(phone, "55", 2) == 0)
        spell_brazilian(wa_id);
    else if (strncmp(phone, "52", 2) == 0 && length == WITHOUT_EXTRA)
        insert(wa_id, AFTER_COUNTRY, '1');
    else if (strncmp(phone, "54", 2) == 0 && length == WITHOUT_EXTRA)
        insert(wa_id, AFTER_COUNTRY, '9');
}
