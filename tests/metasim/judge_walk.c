#include "tests/metasim/judge_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The longest stand-in that Meta publishes has 37 bytes.
enum { STAND_IN_MAX = 64 };

static const struct {
    unsigned type;
    const char *name;
} type_names[] = {
    {TEXT, "a string"},    {NUMBER, "a number"}, {FLAG, "true or false"},
    {OBJECT, "an object"}, {LIST, "an array"},
};

bool judge_refuse(struct judge *judge, int code, const char *member, const char *format, ...)
{
    struct objection *objection = judge->objection;
    const char *dot = member && judge->length > 0 && *member != '[' ? "." : "";
    objection->code = code;
    snprintf(objection->field, sizeof objection->field, "%.*s%s%s", (int)judge->length, judge->path,
             dot, member ? member : "");
    int length = snprintf(objection->details, sizeof objection->details, "%s ",
                          *objection->field ? objection->field : "The message");
    va_list args;
    va_start(args, format);
    vsnprintf(objection->details + length, sizeof objection->details - (size_t)length, format,
              args);
    va_end(args);
    return false;
}

static unsigned type_of(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        return TEXT;
    case json_type_int:
    case json_type_double:
        return NUMBER;
    case json_type_boolean:
        return FLAG;
    case json_type_object:
        return OBJECT;
    case json_type_array:
        return LIST;
    default:
        return 0;
    }
}

static bool refuse_type(struct judge *judge, const struct rule *rule)
{
    size_t i = 0;
    while (!(type_names[i].type & rule->is))
        i++;
    return judge_refuse(judge, rule->code ? rule->code : CODE_WRONG, NULL, "must be %s",
                        type_names[i].name);
}

static bool is_stand_in(const char *text, size_t length)
{
    static const char link[] = "http(s)://";
    if (length < 3 || length > STAND_IN_MAX || memchr(text, ' ', length))
        return false;
    return (text[0] == '<' && text[length - 1] == '>') ||
           (length > sizeof link - 1 && memcmp(text, link, sizeof link - 1) == 0);
}

// Characters are Unicode's, of which each has one byte that does not continue another.
static size_t characters_of(const char *text, size_t length)
{
    size_t characters = 0;
    for (size_t i = 0; i < length; i++)
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    return characters;
}

static bool is_among(const char *text, size_t length, const char *const *values)
{
    while (*values && (strlen(*values) != length || memcmp(*values, text, length) != 0))
        values++;
    return *values != NULL;
}

static bool check_text(struct judge *judge, struct json_object *value, const struct rule *rule)
{
    struct tg_span text = tg_json_span(value);
    int code = rule->code ? rule->code : CODE_WRONG;
    if (text.length < rule->min)
        return judge_refuse(judge, code, NULL, "must not be empty");
    if (is_stand_in(text.data, text.length))
        return true;
    if (rule->values && !is_among(text.data, text.length, rule->values))
        return judge_refuse(judge, code, NULL, "has a value that is not taken here");
    if (rule->max > 0 && text.length > rule->max &&
        characters_of(text.data, text.length) > rule->max)
        return judge_refuse(judge, code, NULL, "must have at most %zu characters", rule->max);
    return true;
}

static bool check_form(struct judge *judge, struct json_object *value, const struct rule *rule)
{
    const struct tg_span text = tg_json_span(value);
    if (!rule->form || (text.data && is_stand_in(text.data, text.length)))
        return true;
    bool whole = !text.data || strlen(text.data) == text.length; // else a NUL ends what fits() sees
    return (whole && rule->form->fits(value)) ||
           judge_refuse(judge, CODE_WRONG, NULL, "must be %s", rule->form->name);
}

// Steps into a member or an element; `judge->length` of before leads back.
static void step_into(struct judge *judge, const char *step)
{
    const char *dot = judge->length > 0 && *step != '[' ? "." : "";
    size_t room = sizeof judge->path - judge->length;
    int length = snprintf(judge->path + judge->length, room, "%s%s", dot, step);
    judge->length += (size_t)length < room ? (size_t)length : room - 1;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the shapes are
static bool check_list(struct judge *judge, struct json_object *list, const struct rule *rule)
{
    size_t count = json_object_array_length(list);
    if (count < rule->min)
        return judge_refuse(judge, CODE_WRONG, NULL, "must not be empty");
    if (rule->max > 0 && count > rule->max)
        return judge_refuse(judge, CODE_WRONG, NULL, "must have at most %zu elements", rule->max);
    size_t length = judge->length;
    for (size_t i = 0; rule->shape && i < count; i++) {
        char step[32];
        snprintf(step, sizeof step, "[%zu]", i);
        step_into(judge, step);
        if (!judge_object(judge, json_object_array_get_idx(list, i), rule->shape))
            return false;
        judge->length = length;
    }
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the shapes are
static bool check_value(struct judge *judge, struct json_object *value, const struct rule *rule)
{
    unsigned type = type_of(value);
    if (!(type & rule->is))
        return refuse_type(judge, rule);
    if (type == TEXT && !check_text(judge, value, rule))
        return false;
    if (type == LIST && !check_list(judge, value, rule))
        return false;
    if (type == OBJECT && rule->shape && !judge_object(judge, value, rule->shape))
        return false;
    return check_form(judge, value, rule);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the shapes are
static bool check_member(struct judge *judge, struct json_object *object, const struct rule *rule)
{
    struct json_object *value = json_object_object_get(object, rule->name);
    if (!value)
        return rule->need != REQUIRED || judge_refuse(judge, rule->code ? rule->code : CODE_MISSING,
                                                      rule->name, "is missing");
    if (rule->need == FORBIDDEN)
        return judge_refuse(judge, CODE_UNEXPECTED, rule->name, "is not taken here");
    size_t length = judge->length;
    step_into(judge, rule->name);
    if (!check_value(judge, value, rule))
        return false;
    judge->length = length;
    return true;
}

static bool check_closed(struct judge *judge, struct json_object *object, const struct shape *shape)
{
    json_object_object_foreach(object, name, value)
    {
        const struct rule *rule = shape->rules;
        while (rule->name && strcmp(rule->name, name) != 0)
            rule++;
        if (value && !rule->name)
            return judge_refuse(judge, CODE_UNEXPECTED, name, "is not known there");
    }
    return true;
}

static bool check_one_of(struct judge *judge, struct json_object *object, const char *const *names)
{
    size_t count = 0;
    for (size_t i = 0; names[i]; i++)
        count += json_object_object_get(object, names[i]) != NULL;
    return count == 1 || judge_refuse(judge, count == 0 ? CODE_MISSING : CODE_WRONG, NULL,
                                      "must have exactly one of %s and %s", names[0], names[1]);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the shapes are
static bool check_variant(struct judge *judge, struct json_object *object,
                          const struct shape *shape)
{
    struct tg_span tag = tg_json_span(json_object_object_get(object, shape->tag));
    if (!tag.data)
        tag = (struct tg_span){shape->default_tag, strlen(shape->default_tag)};
    for (const struct variant *variant = shape->variants; variant->name; variant++) {
        if (strlen(variant->name) == tag.length && memcmp(variant->name, tag.data, tag.length) == 0)
            return judge_object(judge, object, variant->shape);
    }
    return is_stand_in(tag.data, tag.length) ||
           judge_refuse(judge, shape->unknown_code ? shape->unknown_code : CODE_WRONG, shape->tag,
                        "has a value that is not known");
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the shapes are
bool judge_object(struct judge *judge, struct json_object *object, const struct shape *shape)
{
    if (!json_object_is_type(object, json_type_object))
        return judge_refuse(judge, CODE_WRONG, NULL, "must be an object");
    for (const struct rule *rule = shape->rules; rule->name; rule++) {
        if (!check_member(judge, object, rule))
            return false;
    }
    return (!shape->closed || check_closed(judge, object, shape)) &&
           (!shape->one_of || check_one_of(judge, object, shape->one_of)) &&
           (!shape->tag || check_variant(judge, object, shape)) &&
           (!shape->also || shape->also(judge, object));
}
