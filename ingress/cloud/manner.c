#include "ingress/cloud/manner.h"

#include "ingress/route/path.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// What becomes of our codes. What is not here is told by its HTTP status.
static const struct told {
    const char *code;
    int status;
    int meta;
    const char *message;
} told[] = {
    {"unauthorized", 401, 190, "Invalid OAuth access token - Cannot parse access token"},
    {"address_not_allowed", 403, 10, "(#10) Application does not have permission for this action"},
    {"missing_right", 403, 10, "(#10) Application does not have permission for this action"},
    {"org_suspended", 403, CLOUD_ORG_SUSPENDED, "(#990403) The org is suspended"},
    {"insufficient_balance", 402, CLOUD_NO_BALANCE, "(#990402) Insufficient wallet balance"},
    {"channel_paused", 409, CLOUD_CHANNEL_PAUSED, "(#990409) The number is paused"},
    {"idempotency_conflict", 409, CLOUD_KEY_CONFLICT,
     "(#990410) The Idempotency-Key came with another body before"},
    {"outside_window", 400, 131047, "(#131047) Re-engagement message"},
    {"template_paused", 400, 132015, "(#132015) Template is paused"},
    {"template_disabled", 400, 132016, "(#132016) Template is disabled"},
    {"template_rejected", 404, 132001, "(#132001) Template name does not exist in the translation"},
    {"template_not_found", 404, 132001,
     "(#132001) Template name does not exist in the translation"},
    {"template_parameters", 400, 132000,
     "(#132000) Number of parameters does not match the expected number of params"},
    {"contact_opted_out", 400, 131050, "(#131050) User has stopped receiving marketing messages"},
    {"missing_field", 400, 131008, "(#131008) Required parameter is missing"},
    {"invalid_message", 400, 131009, "(#131009) Parameter value is not valid"},
    {"invalid_phone", 400, 131009, "(#131009) Parameter value is not valid"},
    {"message_not_found", 400, 131009, "(#131009) Parameter value is not valid"},
    {"not_found", 404, 2500, "Unknown path components"},
    {"method_not_allowed", 400, 100, "Unsupported request method"},
    {"body_too_large", 413, 100, "(#100) Invalid parameter"},
    {"too_many_requests", 429, 4, "(#4) Application request limit reached"},
    {"outcome_unknown", 500, 1, "(#1) An unknown error has occurred"},
    {"internal_error", 500, 131000, "(#131000) Something went wrong"},
};

static const struct told *find_told(const char *code)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (strcmp(told[i].code, code) == 0)
            return &told[i];
    }
    return NULL;
}

static const struct told for_now = {NULL, 503, 2, "(#2) Service temporarily unavailable"};

static struct told told_by_status(int status)
{
    if (status >= 500)
        return for_now;
    if (status == 403)
        return *find_told("missing_right");
    return (struct told){NULL, 400, 100, "(#100) Invalid parameter"};
}

enum { TRACE_SIZE = 2 + 2 * sizeof(struct tg_uuid) };

static void write_trace(const struct request *request, char trace[static TRACE_SIZE])
{
    *trace++ = 'A';
    for (size_t i = 0; i < sizeof request->trace.bytes; i++)
        snprintf(trace + 2 * i, 3, "%02X", request->trace.bytes[i]);
}

static void append_member(struct tg_text *json, const char *name, const char *value)
{
    tg_text_append_format(json, "\"%s\":", name);
    tg_text_append_json(json, value, strlen(value));
}

static void write_envelope(const struct request *request, const struct cloud_error *error,
                           struct tg_text *json)
{
    char trace[TRACE_SIZE];
    write_trace(request, trace);
    tg_text_append_string(json, "{\"error\":{");
    append_member(json, "message", error->message);
    tg_text_append_string(json, ",");
    append_member(json, "type", error->type ? error->type : "OAuthException");
    tg_text_append_format(json, ",\"code\":%d", error->code);
    if (error->subcode != 0)
        tg_text_append_format(json, ",\"error_subcode\":%d", error->subcode);
    if (error->details) {
        tg_text_append_string(json, ",\"error_data\":{\"messaging_product\":\"whatsapp\",");
        append_member(json, "details", error->details);
        tg_text_append_string(json, "}");
    }
    if (error->is_transient)
        tg_text_append_string(json, ",\"is_transient\":true");
    tg_text_append_string(json, ",");
    append_member(json, "fbtrace_id", trace);
    tg_text_append_string(json, "}}\n");
}

void cloud_refuse(struct request *request, const struct cloud_error *error)
{
    struct answer answer = {.status = error->status};
    if (error->status == 401)
        request_add_header(request, "WWW-Authenticate",
                           "OAuth \"Facebook Platform\" \"invalid_token\" "
                           "\"Invalid OAuth access token.\"");
    write_envelope(request, error, &answer.body);
    request_answer(request, &answer);
}

void cloud_refuse_object(struct request *request, struct tg_span id)
{
    TG_TEXT_AUTO message = {0};
    tg_text_append_string(&message, "Unsupported ");
    for (const char *at = request->method; *at; at++)
        tg_text_append_format(&message, "%c", tolower((unsigned char)*at));
    tg_text_append_format(&message,
                          " request. Object with ID '%.*s' does not exist, cannot be loaded due to "
                          "missing permissions, or does not support this operation",
                          (int)id.length, id.data);
    cloud_refuse(request, &(struct cloud_error){.status = 400,
                                                .code = 100,
                                                .subcode = 33,
                                                .type = "GraphMethodException",
                                                .message = message.data});
}

static void refuse_as(struct request *request, const struct told *as, const char *details)
{
    cloud_refuse(request, &(struct cloud_error){.status = as->status,
                                                .code = as->meta,
                                                .message = as->message,
                                                .details = details,
                                                .is_transient = as->status == 503});
}

void cloud_refuse_for_now(struct request *request, const char *details)
{
    refuse_as(request, &for_now, details);
}

static void refuse(struct request *request, const struct refusal *refusal)
{
    const struct told *found = find_told(refusal->code);
    const struct told by_status = told_by_status(refusal->status);
    refuse_as(request, found ? found : &by_status, refusal->message);
}

// A part of the path by its name; empty if it is not there.
static void copy_part(const struct request *request, const char *name, struct tg_text *part)
{
    struct tg_span span = path_segment("[/{version}]/{id}", request->path, name);
    tg_text_append(part, span.data, span.length);
}

static bool is_id(const struct tg_text *part)
{
    return part->length > 0 && strspn(part->data, "0123456789") == part->length;
}

// Unless Meta has said it.
static void add_header(struct request *request, const char *name, const char *value)
{
    if (!request_has_header(request, name))
        request_add_header(request, name, value);
}

// What we know of Meta's own usage is nothing, and of ours that it is used up where we say so.
static void add_usage(struct request *request, int status)
{
    TG_TEXT_AUTO usage = {0};
    TG_TEXT_AUTO id = {0};
    int percent = status == 429 ? 100 : 0;
    tg_text_append_format(&usage, "{\"call_count\":%d,\"total_cputime\":0,\"total_time\":0}",
                          percent);
    add_header(request, "x-app-usage", usage.data);
    copy_part(request, "id", &id);
    if (!is_id(&id))
        return;
    tg_text_clear(&usage);
    tg_text_append_format(&usage,
                          "{\"%s\":[{\"type\":\"whatsapp\",\"call_count\":%d,"
                          "\"total_cputime\":0,\"total_time\":0,"
                          "\"estimated_time_to_regain_access\":%d}]}",
                          id.data, percent, percent > 0);
    add_header(request, "x-business-use-case-usage", usage.data);
}

static void mark(struct request *request, int status)
{
    char trace[TRACE_SIZE];
    TG_TEXT_AUTO version = {0};
    write_trace(request, trace);
    add_header(request, "x-fb-request-id", trace);
    add_header(request, "x-fb-trace-id", trace + TRACE_SIZE - 12);
    add_header(request, "x-fb-debug", trace + 1);
    add_header(request, "x-fb-rev", TOLLGATE_VERSION);
    copy_part(request, "version", &version);
    if (version.length > 0)
        add_header(request, "facebook-api-version", version.data);
    add_usage(request, status);
}

const struct manner cloud_manner = {refuse, mark};
