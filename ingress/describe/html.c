#include "ingress/describe/html.h"

#include <ctype.h>
#include <string.h>

static void append_byte(struct tg_text *html, char byte)
{
    switch (byte) {
    case '&':
        tg_text_append_string(html, "&amp;");
        break;
    case '<':
        tg_text_append_string(html, "&lt;");
        break;
    case '>':
        tg_text_append_string(html, "&gt;");
        break;
    case '"':
        tg_text_append_string(html, "&quot;");
        break;
    default:
        tg_text_append(html, &byte, 1);
    }
}

void html_append(struct tg_text *html, const char *text)
{
    for (; *text; text++)
        append_byte(html, *text);
}

void html_append_prose(struct tg_text *html, const char *text)
{
    bool code = false;
    for (; text && *text; text++) {
        if (*text != '`') {
            append_byte(html, *text);
        } else {
            tg_text_append_string(html, code ? "</code>" : "<code>");
            code = !code;
        }
    }
    if (code)
        tg_text_append_string(html, "</code>");
}

void html_append_id(struct tg_text *html, const char *text)
{
    bool between = false;
    for (bool begun = false; *text; text++) {
        bool good = isalnum((unsigned char)*text);
        if (good && between)
            tg_text_append_string(html, "-");
        if (good)
            tg_text_append_format(html, "%c", tolower((unsigned char)*text));
        begun = begun || good;
        between = begun && !good ? true : good ? false : between;
    }
}
