// Media, and what each type has beside its id or link.
#include "tests/metasim/judge_shapes.h"

enum { CAPTION_MAX = 1024 };

static const char *const id_or_link[] = {"id", "link", NULL};

#define ID .name = "id", .is = TEXT, .min = 1
#define LINK .name = "link", .is = TEXT, .form = &form_link
#define CAPTION .name = "caption", .is = TEXT, .max = CAPTION_MAX
#define FILENAME .name = "filename", .is = TEXT
#define NO_CAPTION .name = "caption", .need = FORBIDDEN
#define NO_FILENAME .name = "filename", .need = FORBIDDEN

const struct shape judge_image = {
    .rules = RULES({ID}, {LINK}, {CAPTION}, {NO_FILENAME}),
    .one_of = id_or_link,
};
const struct shape judge_audio = {
    .rules = RULES({ID}, {LINK}, {NO_CAPTION}, {NO_FILENAME}, {.name = "voice", .is = FLAG}),
    .one_of = id_or_link,
};
const struct shape judge_document = {
    .rules = RULES({ID}, {LINK}, {CAPTION}, {FILENAME}),
    .one_of = id_or_link,
};
const struct shape judge_sticker = {
    .rules = RULES({ID}, {LINK}),
    .one_of = id_or_link,
    .closed = true,
};
const struct shape judge_image_without_caption = {
    .rules = RULES({ID}, {LINK}, {NO_CAPTION}, {NO_FILENAME}),
    .one_of = id_or_link,
};
const struct shape judge_document_without_caption = {
    .rules = RULES({ID}, {LINK}, {NO_CAPTION}, {FILENAME}),
    .one_of = id_or_link,
};
