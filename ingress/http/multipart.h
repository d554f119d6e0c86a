// Reading multipart/form-data (RFC 7578) that is in memory, part by part. All that is handed out is
// borrowed from the body.
#pragma once

#include "common/base/text.h"

enum { MULTIPART_BOUNDARY_MAX = 70 }; // RFC 2046, 5.1.1

struct multipart {
    const char *at; // behind a delimiter; NULL: there is nothing more
    const char *end;
    bool whole;                                     // it has ended as it must
    char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; // CR LF "--" and the boundary
};

struct multipart_part {
    struct tg_span name;
    struct tg_span file; // the name of a file; absent: it is a field
    struct tg_span type; // the part's Content-Type; absent: it has none
    struct tg_span content;
};

// false: the Content-Type names no boundary, or the body does not have it.
bool multipart_begin(struct multipart *multipart, const char *content_type,
                     const struct tg_text *body) TG_MUST_CHECK;

// The next part. false: there is none, as the body has ended (whole) or is none of its kind.
bool multipart_next(struct multipart *multipart, struct multipart_part *part) TG_MUST_CHECK;

// The head of the next part alone, of a body of which only the beginning is there: its content
// begins where part->content does, and ends behind what there is. false: there is none.
bool multipart_head(struct multipart *multipart, struct multipart_part *part) TG_MUST_CHECK;
