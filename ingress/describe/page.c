#include "ingress/describe/describe.h"

void describe_page(struct json_object *description, struct tg_text *html)
{
    (void)description;
    tg_text_append_string(html, "<!doctype html>\n");
}
