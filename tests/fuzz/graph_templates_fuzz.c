#include "common/base/json.h"
#include "common/graph/templates.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

FUZZ_TARGET(graph_templates)
{
    static const int statuses[] = {200, 400, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct tg_graph_templates templates;
        struct tg_text ids = {0};
        struct tg_error error;
        memset(&templates, 'x', sizeof templates);
        tg_graph_read_templates(statuses[i], tg_text_span(input), &ids, &templates);
        bool failed = *templates.trouble.code != '\0';
        FUZZ_HOLDS(failed || statuses[i] == 200);
        FUZZ_HOLDS(failed == (templates.page.length == 0));
        FUZZ_HOLDS(strspn(tg_text_string(&ids), "0123456789\",") == ids.length);
        FUZZ_HOLDS(strspn(templates.after, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789-._~%") == strlen(templates.after));
        if (!failed) {
            struct json_object *page =
                tg_json_parse(templates.page.data, templates.page.length, &error);
            FUZZ_HOLDS(page && json_object_array_length(page) == templates.n);
            FUZZ_HOLDS(tg_json_check_nul(page, &error));
            json_object_put(page);
        }
        tg_text_finish(&templates.page);
        tg_text_finish(&ids);
    }
}
