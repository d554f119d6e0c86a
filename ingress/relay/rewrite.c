#include "ingress/relay/rewrite.h"

#include "common/base/digits.h"

#include <string.h>
#include <strings.h>

bool rewrite_is_withheld(struct tg_span name)
{
    static const char *const names[] = {
        // Who calls.
        "access_token", "appsecret_proof", "appsecret_time", "input_token", "client_secret",
        // What is called: another method, many calls in one, other objects.
        "method", "batch", "ids", "include_headers", "suppress_http_code", "callback", "org_id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == name.length && strncasecmp(names[i], name.data, name.length) == 0)
            return true;
    }
    return false;
}

// The end of a string literal that begins at `at`, behind its quote; NULL: it has none.
static const char *end_of_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : NULL;
}

// What an escape stands for, if it is ASCII; '\0': something else. *at moves behind it.
static char unescape(const char **at, const char *end)
{
    static const char letters[] = "\"\\/";
    unsigned char code[2];
    char c = (*at)[1];
    *at += 2;
    if (c != 'u')
        return (char)(strchr(letters, c) ? c : '\0');
    if (end - *at < 4 || !tg_hex_read(*at, code, 2) || code[0] != 0 || code[1] >= 0x80)
        return '\0';
    *at += 4;
    return (char)code[1];
}

// Appends what a literal stands for; false: there is more in it than printable ASCII, as in no
// address.
static bool read_literal(const char *at, const char *end, struct tg_text *text)
{
    at++;
    end--;
    while (at < end) {
        char c = *at;
        if (c == '\\')
            c = unescape(&at, end);
        else
            at++;
        if (c <= ' ' || c >= 0x7f)
            return false;
        tg_text_append(text, &c, 1);
    }
    return true;
}

static void append_parameters(const char *query, const char *key, struct tg_text *out)
{
    char separator = '?';
    for (size_t length; *query; query += length + (query[length] == '&')) {
        length = strcspn(query, "&#");
        if (query[length] == '#')
            break;
        const struct tg_span name = {query, strcspn(query, "=&#")};
        bool shows = *key && tg_span_equals(name, "access_token");
        if (length == 0 || (!shows && rewrite_is_withheld(name)))
            continue;
        tg_text_append(out, &separator, 1);
        if (shows)
            tg_text_append_format(out, "access_token=%s", key);
        else
            tg_text_append(out, query, length);
        separator = '&';
    }
}

// Is it below the address?
static bool is_below(const char *url, const char *address)
{
    size_t length = strlen(address);
    return strncasecmp(url, address, length) == 0 && (url[length] == '/' || url[length] == '?');
}

static bool rewrite_one(const char *url, const char *graph, const char *ours, const char *key,
                        struct tg_text *out)
{
    if (!is_below(url, graph))
        return false;
    const char *path = url + strlen(graph);
    size_t length = strcspn(path, "?#");
    TG_TEXT_AUTO address = {0};
    tg_text_append_string(&address, ours);
    tg_text_append(&address, path, length);
    if (path[length] == '?')
        append_parameters(path + length + 1, key, &address);
    tg_text_append_json(out, address.data, address.length);
    return true;
}

void rewrite_addresses(struct tg_span json, const char *graph, const char *ours, const char *key,
                       struct tg_text *out)
{
    const char *end = json.data + json.length;
    const char *kept = json.data; // up to there all is appended
    for (const char *at = json.data; at && at < end;) {
        at = memchr(at, '"', (size_t)(end - at));
        const char *behind = at ? end_of_string(at, end) : NULL;
        TG_TEXT_AUTO text = {0};
        // (An address has a scheme, so most literals are looked at no further.)
        if (behind && behind - at > 8 && (at[1] == 'h' || at[1] == 'H' || at[1] == '\\') &&
            read_literal(at, behind, &text)) {
            TG_TEXT_AUTO ours_of_it = {0};
            if (rewrite_one(tg_text_string(&text), graph, ours, key, &ours_of_it)) {
                tg_text_append(out, kept, (size_t)(at - kept));
                tg_text_append(out, ours_of_it.data, ours_of_it.length);
                kept = behind;
            }
        }
        at = behind;
    }
    tg_text_append(out, kept, (size_t)(end - kept));
}

bool rewrite_hide(struct tg_text *text, const struct tg_text *secret)
{
    bool found = false;
    char *at = text->data;
    while (
        at && secret->length > 0 &&
        (at = memmem(at, text->length - (size_t)(at - text->data), secret->data, secret->length))) {
        memset(at, '*', secret->length);
        found = true;
    }
    return found;
}
