#include "ingress/media/hand_out.h"

#include "common/base/text.h"
#include "ingress/http/answer.h"
#include "ingress/media/range.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// What a browser only shows, or plays: all else it is to keep as a file, for in a page of ours
// whatever runs would act as who looks at it.
static bool is_shown(const char *type)
{
    static const char *const shown[] = {"image/jpeg", "image/png", "image/webp", "image/gif",
                                        "audio/",     "video/",    NULL};
    for (const char *const *name = shown; *name; name++) {
        size_t length = strlen(*name);
        if (strncasecmp(type, *name, length) == 0 &&
            (strchr("; ", type[length]) || (*name)[length - 1] == '/'))
            return true;
    }
    return false;
}

static bool is_plain(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c < ' ' || *c > '~')
            return false;
    }
    return *text != '\0';
}

// Names it as RFC 6266 has it, every byte that could end the name or the header encoded.
static void append_name(struct tg_text *header, const struct tg_text *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    if (name->length == 0)
        return;
    tg_text_append_string(header, "; filename*=UTF-8''");
    for (size_t i = 0; i < name->length; i++) {
        unsigned char c = (unsigned char)name->data[i];
        if (c && strchr(plain, c))
            tg_text_append(header, &name->data[i], 1);
        else
            tg_text_append_format(header, "%%%02X", c);
    }
}

static void add_headers(struct request *request, const struct tg_media *media)
{
    TG_TEXT_AUTO disposition = {0};
    const char *type = is_plain(media->mime_type) ? media->mime_type : "application/octet-stream";
    tg_text_append_string(&disposition, is_shown(type) ? "inline" : "attachment");
    append_name(&disposition, &media->filename);
    request_add_header(request, "Content-Type", type);
    request_add_header(request, "Content-Disposition", tg_text_string(&disposition));
    request_add_header(request, "Content-Security-Policy", "sandbox; default-src 'none'");
    request_add_header(request, "Accept-Ranges", "bytes");
}

bool hand_out_part(struct request *request, size_t size, struct part *part)
{
    char says[80];
    *part = (struct part){.length = size};
    enum range range =
        range_read(request_header(request, "Range", NULL), size, &part->from, &part->length);
    part->is_all = range == RANGE_ALL;
    if (range == RANGE_BEYOND) {
        snprintf(says, sizeof says, "bytes */%zu", size);
        request_add_header(request, "Content-Range", says);
        answer_refusal(request, "range_beyond", NULL, "The file is not as long");
    } else if (range == RANGE_PART) {
        snprintf(says, sizeof says, "bytes %zu-%zu/%zu", part->from, part->from + part->length - 1,
                 size);
        request_add_header(request, "Content-Range", says);
    }
    return range != RANGE_BEYOND;
}

void hand_out(struct request *request, const struct tg_media *media, const struct part *part,
              struct body *body)
{
    body->from = part->from;
    body->held = part->length;
    add_headers(request, media);
    request_answer(
        request,
        &(struct answer){.status = part->is_all ? 200 : 206, .content_type = "", .file = body});
}
