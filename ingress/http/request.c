#include "ingress/http/request_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *request_method(const struct request *request)
{
    return request->method;
}

const char *request_path(const struct request *request)
{
    return request->path;
}

void *request_state(struct request *request)
{
    return request->state;
}

void request_expect(struct request *request, enum body_kind kind, size_t max)
{
    request->body = body_of(kind, max);
}

const struct body *request_body(const struct request *request)
{
    return &request->body;
}

void request_add_part(struct request *request, enum part_kind kind, struct tg_span name,
                      struct tg_span value, int count)
{
    struct part *part = calloc(1, sizeof *part + name.length + value.length + 2);
    if (!part)
        abort();
    char *copy = part->name + name.length + 1;
    memcpy(part->name, name.data, name.length);
    memcpy(copy, value.data, value.length);
    part->kind = kind;
    part->count = count;
    part->value = copy;
    part->next = request->parts;
    request->parts = part;
}

static const struct part *find_part(const struct request *request, enum part_kind kind,
                                    const char *name)
{
    const struct part *part = request->parts;
    while (part && !(part->kind == kind && (kind == PART_HEADER ? strcasecmp(part->name, name)
                                                                : strcmp(part->name, name)) == 0))
        part = part->next;
    return part;
}

void request_keep_segment(struct request *request, const char *name, size_t name_length,
                          const char *value, size_t length)
{
    request_add_part(request, PART_SEGMENT, (struct tg_span){name, name_length},
                     (struct tg_span){value, length}, 1);
}

const char *request_header(const struct request *request, const char *name, int *count)
{
    const struct part *part = find_part(request, PART_HEADER, name);
    if (count)
        *count = part ? part->count : 0;
    return part ? part->value : NULL;
}

const char *request_parameter(const struct request *request, const char *name)
{
    const struct part *part = find_part(request, PART_PARAMETER, name);
    return part ? part->value : NULL;
}

const char *request_segment(const struct request *request, const char *name)
{
    const struct part *part = find_part(request, PART_SEGMENT, name);
    return part ? part->value : NULL;
}

void request_add_header(struct request *request, const char *name, const char *value)
{
    assert(request->answer.status == 0);
    request_add_part(request, PART_ANSWER_HEADER, (struct tg_span){name, strlen(name)},
                     (struct tg_span){value, strlen(value)}, 1);
}
