#include "tests/metasim/envelope.h"

#include "tests/metasim/graph_headers.h"

#include <string.h>

void envelope_write(struct answer *answer, int http_status, int code, int subcode,
                    const char *title, const char *details)
{
    char trace[GRAPH_ID_SIZE];
    graph_write_id(&answer->graph, trace);
    // A title of the table is plain text, but nothing keeps quotes out of it.
    TG_TEXT_AUTO message = {0};
    tg_text_append_format(&message, "(#%d) %s", code, title);

    answer->http_status = http_status;
    struct tg_text *body = &answer->body;
    tg_text_append_string(body, "{\"error\":{\"message\":");
    tg_text_append_json(body, message.data, message.length);
    tg_text_append_format(body, ",\"type\":\"OAuthException\",\"code\":%d", code);
    if (subcode != 0)
        tg_text_append_format(body, ",\"error_subcode\":%d", subcode);
    if (http_status == 503)
        tg_text_append_string(body, ",\"is_transient\":true");
    tg_text_append_string(body, ",\"error_data\":{\"messaging_product\":\"whatsapp\",\"details\":");
    tg_text_append_json(body, details, strlen(details));
    tg_text_append_format(body, "},\"fbtrace_id\":\"%s\"}}", trace);
}
