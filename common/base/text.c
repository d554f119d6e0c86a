#include "common/base/text.h"

#include "common/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 128 };

struct tg_span tg_span_of(const char *string)
{
    return (struct tg_span){string, string ? strlen(string) : 0};
}

bool tg_span_equals(struct tg_span span, const char *string)
{
    return span.data && span.length == strlen(string) &&
           memcmp(span.data, string, span.length) == 0;
}

void tg_text_finish(struct tg_text *text)
{
    free(text->data);
    *text = (struct tg_text){0};
}

void tg_text_wipe(struct tg_text *text)
{
    if (text->data)
        explicit_bzero(text->data, text->capacity);
    tg_text_finish(text);
}

void tg_text_reserve(struct tg_text *text, size_t more)
{
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    text->data = tg_realloc(text->data, capacity);
    text->data[text->length] = '\0';
    text->capacity = capacity;
}

void tg_text_clear(struct tg_text *text)
{
    text->length = 0;
    if (text->data)
        text->data[0] = '\0';
}

void tg_text_append(struct tg_text *text, const void *bytes, size_t length)
{
    tg_text_reserve(text, length);
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void tg_text_append_string(struct tg_text *text, const char *string)
{
    tg_text_append(text, string, strlen(string));
}

void tg_text_append_format(struct tg_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        tg_text_reserve(text, (size_t)length);
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void tg_text_append_json(struct tg_text *text, const char *string, size_t length)
{
    tg_text_reserve(text, length + 2);
    tg_text_append(text, "\"", 1);
    size_t plain = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)string[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        tg_text_append(text, string + plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\')
            tg_text_append_format(text, "\\%c", c);
        else if (c == '\n')
            tg_text_append(text, "\\n", 2);
        else
            tg_text_append_format(text, "\\u%04x", c);
    }
    tg_text_append(text, string + plain, length - plain);
    tg_text_append(text, "\"", 1);
}

const char *tg_text_string(const struct tg_text *text)
{
    return text->data ? text->data : "";
}

struct tg_span tg_text_span(const struct tg_text *text)
{
    return (struct tg_span){tg_text_string(text), text->length};
}
