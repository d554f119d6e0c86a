// A kept file as an answer: its headers, and the part of it that is wanted.
#pragma once

#include "common/store/media.h"
#include "ingress/http/request.h"

// What of a file of `size` bytes is wanted. false: answered, as that is behind its end.
struct part {
    bool is_all;
    size_t from;
    size_t length;
};
bool hand_out_part(struct request *request, size_t size, struct part *part) TG_MUST_CHECK;

// Answers with it, from `body`, which has that file; takes it.
void hand_out(struct request *request, const struct tg_media *media, const struct part *part,
              struct body *body);
