#include "common/cloud/media.h"

#include "common/base/json.h"
#include "common/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

Test(cloud_media, is_what_meta_takes_and_as_what)
{
    enum { KIB = 1024, MIB = 1024 * KIB };
    static const struct {
        const char *type;
        int most;
        unsigned as;
    } files[] = {{"image/jpeg", 5 * MIB, TG_AS_IMAGE | TG_AS_DOCUMENT},
                 {"image/webp", 500 * KIB, TG_AS_STICKER | TG_AS_DOCUMENT},
                 {"Audio/OGG; codecs=opus", 16 * MIB, TG_AS_AUDIO | TG_AS_DOCUMENT},
                 {"video/mp4", 16 * MIB, TG_AS_VIDEO | TG_AS_DOCUMENT},
                 {"application/pdf", 100 * MIB, TG_AS_DOCUMENT},
                 {"image/gif", 0, 0},
                 {"image/jpegx", 0, 0},
                 {"image", 0, 0},
                 {"", 0, 0}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cr_assert_eq(tg_media_most(files[i].type), files[i].most, "%s", files[i].type);
        cr_assert_eq(tg_media_types(files[i].type), files[i].as, "%s", files[i].type);
        cr_assert_eq(tg_media_fits(files[i].type, files[i].most), files[i].as, "%s", files[i].type);
        cr_assert_eq(tg_media_fits(files[i].type, files[i].most + 1), 0);
    }
    cr_assert_eq(tg_media_fits("image/png", 0), 0);
}

static struct tg_text seen;

static bool see(void *context, struct json_object *media, unsigned as, const char *path)
{
    size_t *left = context;
    tg_text_append_format(&seen, "%s=%s/%u ", path, tg_json_string_member(media, "id"), as);
    return (*left)-- > 1;
}

static const char *files_of(const char *json, size_t up_to)
{
    struct tg_error error;
    struct json_object *message = tg_json_parse(json, strlen(json), &error);
    cr_assert(message);
    tg_text_clear(&seen);
    cr_assert_eq(tg_media_each(message, see, &up_to), up_to > 0);
    json_object_put(message);
    return tg_text_string(&seen);
}

Test(cloud_media, is_found_wherever_a_message_names_it)
{
    cr_assert_str_eq(files_of("{\"type\":\"image\",\"image\":{\"id\":\"1\"}}", 9), "image.id=1/1 ");
    cr_assert_str_eq(files_of("{\"image\":{\"link\":\"http://x\"},\"video\":{\"id\":7},\"audio\":"
                              "\"id\",\"text\":{\"id\":\"1\"}}",
                              9),
                     "");
    cr_assert_str_eq(
        files_of(
            "{\"interactive\":{\"header\":{\"type\":\"document\",\"document\":{\"id\":\"2\"}}}}",
            9),
        "interactive.header.document.id=2/8 ");
    static const char template[] =
        "{\"template\":{\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":\"video\","
        "\"video\":{\"id\":\"3\"}}]},{\"type\":\"carousel\",\"cards\":[{\"components\":[{\"type\":"
        "\"header\",\"parameters\":[{\"image\":{\"id\":\"4\"}}]}]},{\"components\":[{"
        "\"parameters\":"
        "[{\"text\":\"x\"},{\"image\":{\"id\":\"5\"}}]}]}]},7,{\"parameters\":{}}]}}";
    cr_assert_str_eq(files_of(template, 9),
                     "template.components[0].parameters[0].video.id=3/2 "
                     "template.components[1].cards[0].components[0].parameters[0].image.id=4/1 "
                     "template.components[1].cards[1].components[0].parameters[1].image.id=5/1 ");
    // As far as it is wanted.
    size_t left = 1;
    struct tg_error error;
    struct json_object *message = tg_json_parse(template, strlen(template), &error);
    tg_text_clear(&seen);
    cr_assert_not(tg_media_each(message, see, &left));
    cr_assert_str_eq(seen.data, "template.components[0].parameters[0].video.id=3/2 ");
    json_object_put(message);
    tg_text_finish(&seen);
}
