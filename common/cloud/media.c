#include "common/cloud/media.h"

#include "common/base/json.h"
#include "common/base/text.h"

#include <string.h>
#include <strings.h>

enum { KIB = 1024, MIB = 1024 * KIB };

static const struct {
    const char *type;
    unsigned as;
} types[] = {{"image", TG_AS_IMAGE},
             {"video", TG_AS_VIDEO},
             {"audio", TG_AS_AUDIO},
             {"document", TG_AS_DOCUMENT},
             {"sticker", TG_AS_STICKER}};

enum { TYPES = sizeof types / sizeof *types };

unsigned tg_media_as(const char *type)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(types[i].type, type) == 0)
            return types[i].as;
    }
    return 0;
}

#define OFFICE "application/vnd.openxmlformats-officedocument."

// Whatever else it is, Meta takes it as a document as well.
static const struct {
    const char *mime_type;
    unsigned as;
    int most; // bytes
} files[] = {
    {"image/jpeg", TG_AS_IMAGE, 5 * MIB},
    {"image/png", TG_AS_IMAGE, 5 * MIB},
    {"image/webp", TG_AS_STICKER, 500 * KIB},
    {"video/mp4", TG_AS_VIDEO, 16 * MIB},
    {"video/3gpp", TG_AS_VIDEO, 16 * MIB},
    {"audio/aac", TG_AS_AUDIO, 16 * MIB},
    {"audio/amr", TG_AS_AUDIO, 16 * MIB},
    {"audio/mpeg", TG_AS_AUDIO, 16 * MIB},
    {"audio/mp4", TG_AS_AUDIO, 16 * MIB},
    {"audio/ogg", TG_AS_AUDIO, 16 * MIB},
    {"audio/opus", TG_AS_AUDIO, 16 * MIB},
    {"text/plain", TG_AS_DOCUMENT, 100 * MIB},
    {"application/pdf", TG_AS_DOCUMENT, 100 * MIB},
    {"application/msword", TG_AS_DOCUMENT, 100 * MIB},
    {"application/vnd.ms-excel", TG_AS_DOCUMENT, 100 * MIB},
    {"application/vnd.ms-powerpoint", TG_AS_DOCUMENT, 100 * MIB},
    {OFFICE "wordprocessingml.document", TG_AS_DOCUMENT, 100 * MIB},
    {OFFICE "spreadsheetml.sheet", TG_AS_DOCUMENT, 100 * MIB},
    {OFFICE "presentationml.presentation", TG_AS_DOCUMENT, 100 * MIB},
};

enum { FILES = sizeof files / sizeof *files };

// FILES: there is none such.
static size_t find(const char *mime_type)
{
    size_t i = 0;
    size_t length = strcspn(mime_type, "; \t");
    while (i < FILES && (strlen(files[i].mime_type) != length ||
                         strncasecmp(files[i].mime_type, mime_type, length) != 0))
        i++;
    return i;
}

unsigned tg_media_types(const char *mime_type)
{
    size_t i = find(mime_type);
    return i < FILES ? files[i].as | TG_AS_DOCUMENT : 0;
}

unsigned tg_media_fits(const char *mime_type, int64_t size)
{
    size_t i = find(mime_type);
    return i < FILES && size > 0 && size <= files[i].most ? tg_media_types(mime_type) : 0;
}

int64_t tg_media_most(const char *mime_type)
{
    size_t i = find(mime_type);
    return i < FILES ? files[i].most : 0;
}

struct walk {
    tg_media_seen *each;
    void *context;
};

// Where the walk is: within a member of what is around it, and of a list in which element.
enum { NO_LIST = -1, STEPS_MAX = 8 };
struct step {
    const struct step *around; // NULL: the message
    const char *name;
    int place; // NO_LIST: it is none
};

static void append_path(struct tg_text *path, const struct step *inner, const char *name)
{
    const struct step *steps[STEPS_MAX];
    size_t n = 0;
    for (const struct step *step = inner; step && n < STEPS_MAX; step = step->around)
        steps[n++] = step;
    while (n-- > 0) {
        tg_text_append_string(path, steps[n]->name);
        if (steps[n]->place != NO_LIST)
            tg_text_append_format(path, "[%d]", steps[n]->place);
        tg_text_append_string(path, ".");
    }
    tg_text_append_format(path, "%s.id", name);
}

// The file that an object has under the name of its type.
static bool see(const struct walk *walk, struct json_object *of, const struct step *within)
{
    for (size_t i = 0; i < TYPES; i++) {
        TG_TEXT_AUTO path = {0};
        struct json_object *media = tg_json_member(of, types[i].type, json_type_object);
        if (!tg_json_member(media, "id", json_type_string))
            continue;
        append_path(&path, within, types[i].type);
        if (!walk->each(walk->context, media, types[i].as, tg_text_string(&path)))
            return false;
    }
    return true;
}

typedef bool element_seen(const struct walk *walk, struct json_object *element,
                          const struct step *within);

static bool see_elements(const struct walk *walk, struct json_object *of, const char *name,
                         const struct step *within, element_seen *see_one)
{
    struct json_object *list = tg_json_member(of, name, json_type_array);
    size_t n = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct step step = {within, name, (int)i};
        if (!see_one(walk, json_object_array_get_idx(list, i), &step))
            return false;
    }
    return true;
}

// Cards of a template have components of their own, and those no cards.
static bool see_card_component(const struct walk *walk, struct json_object *component,
                               const struct step *within)
{
    return see_elements(walk, component, "parameters", within, see);
}

static bool see_card(const struct walk *walk, struct json_object *card, const struct step *within)
{
    return see_elements(walk, card, "components", within, see_card_component);
}

static bool see_component(const struct walk *walk, struct json_object *component,
                          const struct step *within)
{
    return see_elements(walk, component, "parameters", within, see) &&
           see_elements(walk, component, "cards", within, see_card);
}

bool tg_media_each(struct json_object *message, tg_media_seen *each, void *context)
{
    static const struct step of_template = {NULL, "template", NO_LIST};
    static const struct step of_interactive = {NULL, "interactive", NO_LIST};
    static const struct step of_header = {&of_interactive, "header", NO_LIST};
    const struct walk walk = {each, context};
    struct json_object *template = tg_json_member(message, "template", json_type_object);
    struct json_object *interactive = tg_json_member(message, "interactive", json_type_object);
    struct json_object *header = tg_json_member(interactive, "header", json_type_object);
    return see(&walk, message, NULL) &&
           see_elements(&walk, template, "components", &of_template, see_component) &&
           see(&walk, header, &of_header);
}
