#include "tests/metasim/graph_call.h"

#include "tests/metasim/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { CODE_PARAMETER = 100, CODE_TOKEN = 190 };

// What Meta takes, and how large it may be.
static const struct {
    const char *type;
    int64_t max;
} kinds[] = {
    {"audio/aac", 16 << 20},       {"audio/amr", 16 << 20},   {"audio/mpeg", 16 << 20},
    {"audio/mp4", 16 << 20},       {"audio/ogg", 16 << 20},   {"image/jpeg", 5 << 20},
    {"image/png", 5 << 20},        {"image/webp", 500000},    {"video/mp4", 16 << 20},
    {"video/3gpp", 16 << 20},      {"text/plain", 100 << 20}, {"application/pdf", 100 << 20},
    {"application/zip", 100 << 20}};

static int64_t max_of(const char *type)
{
    size_t length = strcspn(type, "; ");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].type) == length && strncasecmp(kinds[i].type, type, length) == 0)
            return kinds[i].max;
    }
    return 0;
}

static void refuse_file(struct graph_call *call, const char *details)
{
    graph_refuse(call, 400, CODE_PARAMETER, 0, "Invalid parameter", details);
}

// A field of the form; an argument of the query, or what the file itself says, stands in for it.
static const char *given(const char *field, const char *stand_in)
{
    return *field || !stand_in ? field : stand_in;
}

void graph_upload(struct graph_call *call)
{
    struct uploaded *uploaded = call->request->uploaded;
    const char *asked = request_argument(call->request, "messaging_product");
    const char *product = uploaded ? given(uploaded->product, asked) : "";
    const char *type = uploaded ? given(uploaded->type, uploaded->file_type) : "";
    if (!uploaded || !uploaded->is_form) {
        refuse_file(call, "The body must be multipart/form-data");
    } else if (strcmp(product, "whatsapp") != 0) {
        refuse_file(call, "messaging_product is required");
    } else if (uploaded->file < 0) {
        refuse_file(call, "Param file must be a file");
    } else if (strcasecmp(type, uploaded->file_type) != 0 || max_of(type) == 0) {
        refuse_file(call, "Param file must be a file with one of the types that are taken");
    } else if (uploaded->size > (uint64_t)max_of(type)) {
        refuse_file(call, "Param file is too large");
    } else {
        struct estate_file file = {.file = uploaded->file, .size = uploaded->size};
        uploaded->file = -1;
        snprintf(file.token, sizeof file.token, "%s", call->token);
        snprintf(file.phone_number_id, sizeof file.phone_number_id, "%s", call->id);
        snprintf(file.type, sizeof file.type, "%s", type);
        snprintf(file.sha256, sizeof file.sha256, "%s", uploaded->sha256);
        call->answer->http_status = 200;
        tg_text_append_format(&call->answer->body, "{\"id\":\"%s\"}",
                              estate_keep(call->estate, &file)->id);
    }
}

// With a number beside it, it must be that number's.
static struct estate_file *find(struct graph_call *call)
{
    struct estate_file *file = estate_file(call->estate, call->token, call->id);
    const char *number = request_argument(call->request, "phone_number_id");
    return file && (!number || strcmp(number, file->phone_number_id) == 0) ? file : NULL;
}

// As Meta writes it, with escapes that nobody needs.
bool graph_get_media(struct graph_call *call)
{
    const struct estate_file *file = find(call);
    char sha256[sizeof file->sha256];
    if (!file)
        return false;
    snprintf(sha256, sizeof sha256, "%s", file->sha256);
    if (sim_settings_get(&call->sim->settings, SETTING_WRONG_HASH))
        sha256[0] = sha256[0] == '0' ? '1' : '0';
    call->answer->http_status = 200;
    tg_text_append_format(
        &call->answer->body,
        "{\"url\":\"http:\\/\\/%s\\/whatsapp_business\\/attachments\\/?mid=%s&"
        "ext=%u&hash=ATsim\",\"mime_type\":\"%s\",\"sha256\":\"%s\",\"file_size\":"
        "%" PRIu64 ",\"id\":\"%s\",\"messaging_product\":\"whatsapp\"}",
        call->request->host ? call->request->host : "", file->id, file->issue, file->type, sha256,
        file->size, file->id);
    return true;
}

bool graph_delete_media(struct graph_call *call)
{
    struct estate_file *file = find(call);
    if (!file)
        return false;
    estate_drop(file);
    graph_succeed(call);
    return true;
}

static void send_file(struct graph_call *call, const struct estate_file *file)
{
    const struct sim_settings *settings = &call->sim->settings;
    struct answer_file *sent = &call->answer->file;
    call->answer->http_status = 200;
    *sent = (struct answer_file){.there = true,
                                 .file = dup(file->file),
                                 .size = file->size,
                                 .cut_at = sim_settings_get(settings, SETTING_CUT_DOWNLOAD_AT),
                                 .stall_at = sim_settings_get(settings, SETTING_STALL_DOWNLOAD_AT)};
    snprintf(sent->type, sizeof sent->type, "%s", file->type);
}

// Where files are, errors are not Graph's: a status, and nothing of use.
void graph_download(struct graph_call *call)
{
    const char *id = request_argument(call->request, "mid");
    const char *issue = request_argument(call->request, "ext");
    const struct estate_file *file = id ? estate_file(call->estate, call->token, id) : NULL;
    call->answer->graph.number = 0;
    if (file && issue && strtoul(issue, NULL, 10) == file->issue) {
        send_file(call, file);
        return;
    }
    call->answer->http_status = 404;
    call->answer->content_type = "text/plain";
    tg_text_append_string(&call->answer->body, "URL signature expired\n");
}
