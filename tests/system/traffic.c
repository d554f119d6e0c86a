#include "tests/system/traffic.h"

#include "common/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BODY_MAX = 64 * 1024 }; // longer ones are no matter of members

// NULL: nothing is written down.
static FILE *open_file(void)
{
    const char *directory = getenv("TOLLGATE_TEST_TRAFFIC"); // NOLINT(concurrency-mt-unsafe)
    return directory && *directory ? fopen(text_of("%s/%d.jsonl", directory, (int)getpid()), "a")
                                   : NULL;
}

static void write_line(FILE *file, struct json_object *line)
{
    fprintf(file, "%s\n", json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
    fclose(file);
    json_object_put(line);
}

static void add(struct json_object *line, const char *name, const char *text)
{
    if (text)
        json_object_object_add(line, name, json_object_new_string(text));
}

void traffic_of(const char *url, const char *admin_url)
{
    FILE *file = open_file();
    if (!file)
        return;
    struct json_object *line = json_object_new_object();
    add(line, "public", url);
    add(line, "admin", admin_url);
    write_line(file, line);
}

static bool is_text(const char *bytes, size_t length)
{
    return length <= BODY_MAX && !memchr(bytes, '\0', length) && tg_utf8_is_valid(bytes, length);
}

static struct json_object *headers_of(const struct http_request *request)
{
    struct json_object *headers = json_object_new_array();
    for (size_t i = 0; i < HTTP_HEADERS_MAX && request->headers[i]; i++)
        json_object_array_add(headers, json_object_new_string(request->headers[i]));
    return headers;
}

static struct json_object *line_of(const char *url, const struct http_request *request,
                                   const struct answer *answer)
{
    struct json_object *line = json_object_new_object();
    size_t length = request->body_length ? request->body_length
                    : request->body      ? strlen(request->body)
                                         : 0;
    add(line, "url", url);
    add(line, "method", request->method ? request->method : request->body ? "POST" : "GET");
    add(line, "path", request->path);
    json_object_object_add(line, "headers", headers_of(request));
    if (request->body)
        add(line, "type", request->content_type ? request->content_type : "application/json");
    if (request->body && is_text(request->body, length))
        json_object_object_add(line, "body",
                               json_object_new_string_len(request->body, (int)length));
    json_object_object_add(line, "status", json_object_new_int(answer->status));
    add(line, "answer_headers", answer->headers);
    if (is_text(answer->body, strlen(answer->body)))
        add(line, "answer", answer->body);
    return line;
}

void traffic_note(const char *url, const struct http_request *request, const struct answer *answer)
{
    FILE *file = answer->status ? open_file() : NULL;
    bool writable = file && tg_utf8_is_valid(request->path, strlen(request->path)) &&
                    tg_utf8_is_valid(answer->headers, strlen(answer->headers));
    if (writable)
        write_line(file, line_of(url, request, answer));
    else if (file)
        fclose(file);
}
