#include "common/base/json.h"

#include "common/base/utf8.h"
#include "common/limits.h"

#include <errno.h>
#include <json-c/json_visit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *reason(enum json_tokener_error why, bool whole)
{
    if (why == json_tokener_continue)
        return "it ends too early";
    if (why == json_tokener_success)
        return whole ? "it is null" : "something follows the document";
    return json_tokener_error_desc(why);
}

static bool skip_digits(const char **at, const char *end)
{
    const char *begin = *at;
    while (*at < end && **at >= '0' && **at <= '9')
        ++*at;
    return *at > begin;
}

static bool is_number(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    if (at < end && *at == '0')
        at++;
    else if (!skip_digits(&at, end))
        return false;
    if (at < end && *at == '.') {
        at++;
        if (!skip_digits(&at, end))
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!skip_digits(&at, end))
            return false;
    }
    return at == end;
}

static bool is_structure(char c)
{
    static const bool structure[UCHAR_MAX + 1] = {
        ['\0'] = true, ['{'] = true, ['}'] = true, ['['] = true,  [']'] = true,  [':'] = true,
        [','] = true,  ['"'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
    };
    return structure[(unsigned char)c];
}

// The quote that ends the string whose first character is at.
static const char *string_end(const char *at, const char *end)
{
    for (; (at = memchr(at, '"', (size_t)(end - at))); at++) {
        const char *before = at;
        while (before[-1] == '\\')
            before--;
        if ((at - before) % 2 == 0)
            return at;
    }
    return end - 1; // never: json-c has found it
}

// The next word of a document that json-c has taken, from *at on, which moves behind it: a number
// or something like it, true, false or null. Absent: there are no more.
static struct tg_span next_word(const char **at, const char *end)
{
    const char *begin = *at;
    for (; begin < end && is_structure(*begin); begin++)
        if (*begin == '"')
            begin = string_end(begin + 1, end);
    if (begin >= end)
        return (struct tg_span){0};
    *at = begin;
    while (*at < end && !is_structure(**at))
        ++*at;
    return (struct tg_span){begin, (size_t)(*at - begin)};
}

// A whole number that json-c does not keep: more than 64 bits hold, or -0.
static bool is_beyond(struct tg_span word)
{
    enum { DIGITS_MAX = 20 }; // of 64 bits, and a sign
    char text[DIGITS_MAX + 1] = "";
    if (word.length < DIGITS_MAX - 1)
        return tg_span_equals(word, "-0");
    for (size_t i = 0; i < word.length; i++)
        if (strchr(".eE", word.data[i]))
            return false;
    if (word.length > DIGITS_MAX)
        return true;
    memcpy(text, word.data, word.length);
    errno = 0;
    if (text[0] == '-')
        (void)strtoll(text, NULL, 10);
    else
        (void)strtoull(text, NULL, 10);
    return errno == ERANGE;
}

// json-c takes NaN, Infinity and numbers like 1. or -.5, which no other reader does. Where in a
// document that it has taken the first of these is; NULL: there is none. Counts the numbers that it
// does not keep.
static const char *find_no_number(const char *at, const char *end, size_t *beyond)
{
    for (struct tg_span word; (word = next_word(&at, end)).data;) {
        if (!is_number(word.data, at) && !tg_span_equals(word, "true") &&
            !tg_span_equals(word, "false") && !tg_span_equals(word, "null"))
            return word.data;
        *beyond += is_beyond(word);
    }
    return NULL;
}

static struct json_object *parse(const char *bytes, size_t length, size_t *beyond,
                                 struct tg_error *error)
{
    if (!tg_utf8_is_valid(bytes, length)) {
        tg_error_set(error, "invalid_json", "body", "The body is not valid UTF-8");
        return NULL;
    }
    struct json_tokener *tokener = json_tokener_new_ex(TG_JSON_DEPTH_MAX);
    if (!tokener)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *root = json_tokener_parse_ex(tokener, bytes, (int)length);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    bool taken = root && why == json_tokener_success && end == length;
    const char *odd = taken ? find_no_number(bytes, bytes + length, beyond) : NULL;
    if (taken && !odd)
        return root;
    json_object_put(root);
    tg_error_set(error, "invalid_json", "body", "The body is not valid JSON (byte %zu): %s",
                 odd ? (size_t)(odd - bytes) : end,
                 odd       ? "not a number"
                 : !length ? "it is empty, where at least {} must be"
                           : reason(why, end == length));
    return NULL;
}

// Of a number with an exponent json-c keeps the text. So those that it would change get one, which
// nobody writes, and is taken off that text again.
static const char mark[] = "e-0";

static void mark_beyond(const char *at, size_t length, struct tg_text *marked)
{
    const char *const end = at + length;
    const char *begin = at;
    for (struct tg_span word; (word = next_word(&at, end)).data;) {
        if (!is_beyond(word))
            continue;
        tg_text_append(marked, begin, (size_t)(at - begin));
        tg_text_append_string(marked, mark);
        begin = at;
    }
    tg_text_append(marked, begin, (size_t)(end - begin));
}

// NOLINTBEGIN(readability-non-const-parameter): json-c's own
static int take_mark_off(struct json_object *value, int flags, struct json_object *parent,
                         const char *key, size_t *index, void *context)
// NOLINTEND(readability-non-const-parameter)
{
    (void)parent, (void)key, (void)index, (void)context;
    if (flags == JSON_C_VISIT_SECOND || !json_object_is_type(value, json_type_double))
        return JSON_C_VISIT_RETURN_CONTINUE;
    char *text = json_object_get_userdata(value);
    size_t length = text ? strlen(text) : 0;
    if (length > strlen(mark) && strcmp(text + length - strlen(mark), mark) == 0)
        text[length - strlen(mark)] = '\0';
    return JSON_C_VISIT_RETURN_CONTINUE;
}

struct json_object *tg_json_parse(const char *bytes, size_t length, struct tg_error *error)
{
    size_t beyond = 0;
    struct json_object *root = parse(bytes, length, &beyond, error);
    if (!root || beyond == 0)
        return root;
    json_object_put(root);
    TG_TEXT_AUTO marked = {0};
    mark_beyond(bytes, length, &marked);
    root = parse(tg_text_string(&marked), marked.length, &beyond, error);
    json_c_visit(root, 0, take_mark_off, NULL);
    return root;
}

void tg_json_write(struct json_object *value, struct tg_text *json)
{
    size_t length = 0;
    const char *text = json_object_to_json_string_length(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    // An escape is a backslash and what follows: "\\u0000" is a backslash and five characters.
    const char *at = text;
    for (const char *escape = text; (escape = strchr(escape, '\\')); escape += 2) {
        if (strncmp(escape, "\\u0000", 6) != 0)
            continue;
        tg_text_append(json, at, (size_t)(escape - at));
        tg_text_append_string(json, "\xef\xbf\xbd");
        at = escape + 6;
    }
    tg_text_append(json, at, length - (size_t)(at - text));
}

// The next string of a document that was parsed, as it is written, from *at on, which moves behind
// its quotes. Absent: there are no more.
static struct tg_span next_string(const char **at, const char *end)
{
    const char *begin = memchr(*at, '"', (size_t)(end - *at));
    if (!begin)
        return (struct tg_span){0};
    const char *last = string_end(++begin, end);
    *at = last + 1;
    return (struct tg_span){begin, (size_t)(last - begin)};
}

static bool has_nul(struct tg_span string)
{
    const char *const end = string.data + string.length;
    const char *at = string.data;
    while ((at = memchr(at, '\\', (size_t)(end - at))) && strncmp(at, "\\u0000", 6) != 0)
        at += 2;
    return at != NULL;
}

static bool refuse_name(struct tg_span name, struct tg_error *error)
{
    char field[sizeof error->field + 1]; // one more, so that it is cut where it goes
    snprintf(field, sizeof field, "%.*s", (int)name.length, name.data);
    return tg_error_set(error, "invalid_field", field,
                        "The name of a member must not hold NUL characters");
}

bool tg_json_check_names(const struct tg_text *json, struct tg_error *error)
{
    const char *const end = json->data + json->length;
    const char *at = json->data;
    for (struct tg_span string; (string = next_string(&at, end)).data;) {
        const char *next = at + strspn(at, " \t\r\n");
        if (*next == ':' && has_nul(string))
            return refuse_name(string, error);
    }
    return true;
}

// Where a value stands: in what else, and under which name or index there.
struct place {
    const struct place *within;
    const char *name;
    size_t index;
};

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
static void write_place(const struct place *place, struct tg_text *path)
{
    if (place->within)
        write_place(place->within, path);
    if (place->name)
        tg_text_append_format(path, "%s%s", path->length > 0 ? "." : "", place->name);
    else if (place->within)
        tg_text_append_format(path, "[%zu]", place->index);
}

static bool refuse_nul(const struct place *place, struct tg_error *error)
{
    TG_TEXT_AUTO path = {0};
    write_place(place, &path);
    return tg_error_set(error, "invalid_field", tg_text_string(&path),
                        "%s must not hold NUL characters", tg_text_string(&path));
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
static bool check_nul(struct json_object *value, const struct place *place, struct tg_error *error)
{
    bool good = true;
    struct tg_span text = tg_json_span(value);
    if (text.data)
        return !memchr(text.data, '\0', text.length) || refuse_nul(place, error);
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; good && i < json_object_array_length(value); i++)
            good = check_nul(json_object_array_get_idx(value, i),
                             &(struct place){.within = place, .index = i}, error);
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member)
        {
            good = good && check_nul(member, &(struct place){.within = place, .name = name}, error);
        }
    }
    return good;
}

bool tg_json_check_nul(struct json_object *value, struct tg_error *error)
{
    return check_nul(value, &(struct place){0}, error);
}

struct json_object *tg_json_member(struct json_object *object, const char *name,
                                   enum json_type type)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, type))
        return NULL;
    return value;
}

struct tg_span tg_json_span(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return (struct tg_span){0};
    return (struct tg_span){json_object_get_string(value),
                            (size_t)json_object_get_string_len(value)};
}

const char *tg_json_string_member(struct json_object *object, const char *name)
{
    return tg_json_span(tg_json_member(object, name, json_type_string)).data;
}
