#include "deploy/ctl/show.h"

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 20, COLUMN_SIZE = 40, CELL_MAX = 60, NAME_WIDTH = 24, INDENT = 2 };

struct columns {
    size_t count;
    char name[COLUMNS_MAX][COLUMN_SIZE];
    size_t width[COLUMNS_MAX];
};

void show_plain(struct tg_text *text)
{
    unsigned character;
    for (size_t i = 0, length; i < text->length; i += length) {
        char *at = text->data + i;
        length = tg_utf8_character(at, text->length - i);
        bool shown = length > 0 && !tg_utf8_is_control(at, text->length - i, &character);
        length = length > 0 ? length : 1;
        if (!shown)
            memset(at, '?', length);
    }
}

static bool is_object(struct json_object *value)
{
    return json_object_is_type(value, json_type_object);
}

static bool is_list(struct json_object *value)
{
    return json_object_is_type(value, json_type_array);
}

// A list of things, with members of their own.
static bool is_table(struct json_object *value)
{
    return is_list(value) && json_object_array_length(value) > 0 &&
           is_object(json_object_array_get_idx(value, 0));
}

static bool is_nothing(struct json_object *value)
{
    return !value || (is_list(value) && json_object_array_length(value) == 0) ||
           (is_object(value) && json_object_object_length(value) == 0);
}

static void append_plain(struct tg_text *cell, struct json_object *value)
{
    if (json_object_is_type(value, json_type_string))
        tg_text_append(cell, json_object_get_string(value),
                       (size_t)json_object_get_string_len(value));
    else
        tg_text_append_string(cell,
                              json_object_to_json_string_ext(
                                  value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

// A value on one line: "-" is nothing.
static void write_cell(struct json_object *value, struct tg_text *cell)
{
    tg_text_clear(cell);
    if (is_nothing(value))
        tg_text_append_string(cell, "-");
    else if (is_list(value) && !is_table(value))
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            tg_text_append_string(cell, i > 0 ? ", " : "");
            append_plain(cell, json_object_array_get_idx(value, i));
        }
    else
        append_plain(cell, value);
    show_plain(cell);
}

static void write_plain(const char *name, struct tg_text *text)
{
    tg_text_clear(text);
    tg_text_append_string(text, name);
    show_plain(text);
}

// As many columns of a terminal as it takes, about: a character each.
static size_t width_of(const struct tg_text *cell)
{
    size_t width = 0;
    for (size_t i = 0; i < cell->length; i++)
        width += ((unsigned char)cell->data[i] & 0xc0) != 0x80;
    return width;
}

static void add_column(struct columns *columns, const char *name, size_t length)
{
    if (columns->count == COLUMNS_MAX || length >= COLUMN_SIZE)
        return;
    memcpy(columns->name[columns->count], name, length);
    columns->name[columns->count++][length] = '\0';
}

static bool has_column(const struct columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (strcmp(columns->name[i], name) == 0)
            return true;
    }
    return false;
}

static struct columns columns_named(const char *names)
{
    struct columns columns = {0};
    for (const char *at = names ? names : ""; *at; at += strspn(at, ",")) {
        size_t length = strcspn(at, ",");
        add_column(&columns, at, length);
        at += length;
    }
    return columns;
}

// What any of the rows has: of a timeline each has other members.
static struct columns columns_of(struct json_object *list)
{
    struct columns columns = {0};
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        if (!is_object(row))
            continue;
        json_object_object_foreach(row, name, value)
        {
            (void)value;
            if (!has_column(&columns, name))
                add_column(&columns, name, strlen(name));
        }
    }
    return columns;
}

static void measure(struct columns *columns, struct json_object *list)
{
    TG_TEXT_AUTO cell = {0};
    for (size_t c = 0; c < columns->count; c++) {
        columns->width[c] = strlen(columns->name[c]);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            write_cell(json_object_object_get(json_object_array_get_idx(list, i), columns->name[c]),
                       &cell);
            size_t width = width_of(&cell);
            if (width > columns->width[c])
                columns->width[c] = width;
        }
        if (columns->width[c] > CELL_MAX)
            columns->width[c] = CELL_MAX;
    }
}

static void print_padded(const char *text, size_t width, size_t of, bool is_last)
{
    printf("%s", text);
    for (; !is_last && width < of + 2; width++)
        putchar(' ');
    if (!is_last && width > of + 2)
        printf("  ");
    if (is_last)
        putchar('\n');
}

static void show_row(const struct columns *columns, struct json_object *row, int indent)
{
    TG_TEXT_AUTO cell = {0};
    printf("%*s", indent, "");
    for (size_t c = 0; c < columns->count; c++) {
        write_cell(json_object_object_get(row, columns->name[c]), &cell);
        print_padded(tg_text_string(&cell), width_of(&cell), columns->width[c],
                     c + 1 == columns->count);
    }
}

static void show_list(struct json_object *list, const char *names, int indent)
{
    struct columns columns = names ? columns_named(names) : columns_of(list);
    TG_TEXT_AUTO cell = {0};
    measure(&columns, list);
    printf("%*s", indent, "");
    for (size_t c = 0; c < columns.count; c++) {
        write_plain(columns.name[c], &cell);
        print_padded(tg_text_string(&cell), width_of(&cell), columns.width[c],
                     c + 1 == columns.count);
    }
    for (size_t i = 0; i < json_object_array_length(list); i++)
        show_row(&columns, json_object_array_get_idx(list, i), indent);
}

static void show_thing(struct json_object *thing, const char *names, int indent);

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
static void show_member(const char *name, struct json_object *value, int indent)
{
    TG_TEXT_AUTO cell = {0};
    TG_TEXT_AUTO plain = {0};
    write_plain(name, &plain);
    if (is_table(value)) {
        printf("%*s%s:\n", indent, "", tg_text_string(&plain));
        show_list(value, NULL, indent + INDENT);
    } else if (is_object(value) && !is_nothing(value)) {
        printf("%*s%s:\n", indent, "", tg_text_string(&plain));
        show_thing(value, NULL, indent + INDENT);
    } else {
        write_cell(value, &cell);
        printf("%*s%-*s %s\n", indent, "", NAME_WIDTH - indent, tg_text_string(&plain),
               tg_text_string(&cell));
    }
}

// A list comes alone, or with where it goes on, and lists of what it is about behind it.
static struct json_object *list_of(struct json_object *answer, struct json_object **next)
{
    struct json_object *list = NULL;
    *next = NULL;
    json_object_object_foreach(answer, name, value)
    {
        if (strcmp(name, "next_before") == 0)
            *next = value;
        else if (!json_object_is_type(value, json_type_array))
            return NULL;
        else if (!list)
            list = value;
    }
    return list;
}

// Tables come last, or what is behind them is overlooked.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
static void show_rest(struct json_object *thing, const struct columns *shown, bool tables,
                      int indent)
{
    json_object_object_foreach(thing, name, value)
    {
        if (!has_column(shown, name) && is_table(value) == tables)
            show_member(name, value, indent);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
static void show_thing(struct json_object *thing, const char *names, int indent)
{
    const struct columns first = columns_named(names);
    for (size_t i = 0; i < first.count; i++) {
        struct json_object *value;
        if (json_object_object_get_ex(thing, first.name[i], &value))
            show_member(first.name[i], value, indent);
    }
    show_rest(thing, &first, false, indent);
    show_rest(thing, &first, true, indent);
}

static void show_other_lists(struct json_object *answer, const struct json_object *list)
{
    json_object_object_foreach(answer, name, value)
    {
        if (is_table(value) && value != list)
            show_member(name, value, 0);
    }
}

void show(struct json_object *answer, const char *columns)
{
    struct json_object *next;
    if (!is_object(answer))
        return;
    struct json_object *list = list_of(answer, &next);
    if (!list) {
        show_thing(answer, columns, 0);
        return;
    }
    if (json_object_array_length(list) == 0)
        puts("there are none");
    else
        show_list(list, columns, 0);
    if (next) {
        TG_TEXT_AUTO cell = {0};
        write_cell(next, &cell);
        printf("there are more: --before %s\n", tg_text_string(&cell));
    }
    show_other_lists(answer, list);
}
