#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/graph/number.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <string.h>

// So many letters beside each other could be a token.
static bool has_long_word(const char *text)
{
    size_t length = 0;
    for (; *text && length <= 40; text++)
        length = isalnum((unsigned char)*text) ? length + 1 : 0;
    return length > 40;
}

static void expect_facts(const struct tg_graph_number *number)
{
    struct tg_error error;
    struct json_object *facts = tg_json_parse(number->facts.data, number->facts.length, &error);
    FUZZ_HOLDS(facts);
    FUZZ_HOLDS(json_object_object_length(facts) == 12);
    FUZZ_HOLDS(number->facts.length <= 20480);
    FUZZ_HOLDS(tg_json_check_nul(facts, &error));
    json_object_put(facts);
}

FUZZ_TARGET(number)
{
    static const int statuses[] = {200, 302, 400, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct tg_graph_number number;
        memset(&number, 'x', sizeof number);
        tg_graph_read_number("4711", statuses[i], tg_text_span(input), &number);
        bool failed = *number.trouble.code != '\0';
        FUZZ_HOLDS(failed || statuses[i] == 200);
        FUZZ_HOLDS(failed == (number.facts.length == 0));
        FUZZ_HOLDS(failed == (number.trouble.message[0] != '\0'));
        FUZZ_HOLDS(tg_utf8_is_valid(number.trouble.message, strlen(number.trouble.message)));
        FUZZ_HOLDS(!has_long_word(number.trouble.message));
        if (!failed)
            expect_facts(&number);
        tg_text_finish(&number.facts);
    }
}
