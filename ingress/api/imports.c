#include "ingress/api/imports.h"

#include "common/base/csv.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/limits.h"
#include "common/store/contacts.h"
#include "common/store/failure.h"
#include "common/store/reads.h"
#include "common/words/country.h"
#include "ingress/api/sends.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum column { COLUMN_PHONE, COLUMN_NAME, COLUMN_LANGUAGE, COLUMN_TAGS, COLUMNS };
static const char *const column_names[COLUMNS] = {"phone", "name", "language", "tags"};

enum { COLUMN_SHOWN_MAX = 64 };
enum { NAME_BYTES_MAX = 255, TAGS_MAX = 32, TAG_BYTES_MAX = 64, STEP = TG_BATCH_MAX };

struct import {
    struct request *request;
    struct pool *pool;
    struct tg_uuid org_id;
    const char *actor; // lives as long as the request
    struct tg_region region;
    const struct tg_country *home; // of the org; NULL: none
    FILE *file;
    struct tg_csv csv;
    size_t places[COLUMNS]; // in a record; beyond it: not there
    size_t lines;
    size_t counts[TG_IMPORT_FULL + 1];
    size_t refused;
    struct tg_text faults; // of the first of them, as JSON
    size_t n;
    struct tg_imported items[STEP];
    size_t line_of[STEP];
};

static void import_free(struct import *import)
{
    for (size_t i = 0; i < STEP; i++) {
        tg_text_finish(&import->items[i].name);
        tg_text_finish(&import->items[i].tags);
    }
    tg_text_finish(&import->faults);
    tg_csv_finish(&import->csv);
    if (import->file)
        fclose(import->file);
    free(import);
}

static void end_with(struct import *import, const struct tg_error *error)
{
    answer_error(import->request, error);
    import_free(import);
}

static void end(struct import *import)
{
    struct tg_text json = {0};
    tg_text_append_format(&json,
                          "{\"lines\":%zu,\"created\":%zu,\"changed\":%zu,\"same\":%zu,"
                          "\"refused\":%zu,\"errors\":[%s]}",
                          import->lines, import->counts[TG_IMPORT_CREATED],
                          import->counts[TG_IMPORT_CHANGED], import->counts[TG_IMPORT_SAME],
                          import->refused, tg_text_string(&import->faults));
    answer_json(import->request, 200, &json);
    import_free(import);
}

static void refuse_line(struct import *import, size_t line, const struct tg_error *error)
{
    TG_TEXT_AUTO detail = {0};
    if (import->refused++ >= TG_IMPORT_FAULTS_MAX)
        return;
    tg_text_append_format(&import->faults, "%s{\"line\":%zu,", import->refused > 1 ? "," : "",
                          line);
    if (error->field[0]) {
        tg_text_append_string(&detail, "{\"field\":");
        tg_text_append_json(&detail, error->field, strlen(error->field));
        tg_text_append_string(&detail, "}");
    }
    (void)answer_write_error(error->code, error->message, &detail, &import->faults);
    tg_text_append_string(&import->faults, "}");
}

static struct tg_span cell(const struct import *import, enum column column)
{
    return tg_csv_trimmed_cell(&import->csv, import->places[column]);
}

static bool is_language(struct tg_span text)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";
    static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char copy[8] = "";
    if (text.length >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.length);
    size_t length = strspn(copy, small);
    return (length == 2 || length == 3) &&
           (copy[length] == '\0' || (copy[length] == '_' && strspn(copy + length + 1, large) == 2 &&
                                     copy[length + 3] == '\0'));
}

static bool check_tags(struct tg_span tags, struct tg_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < tags.length; n++) {
        size_t begin = i;
        while (i < tags.length && tags.data[i] != ',')
            i++;
        if (i - begin > TAG_BYTES_MAX)
            return tg_error_set(error, "invalid_field", "tags", "A tag has up to %d bytes",
                                TAG_BYTES_MAX);
        i++;
    }
    return n <= TAGS_MAX ||
           tg_error_set(error, "invalid_field", "tags", "A contact has up to %d tags", TAGS_MAX);
}

static bool check_text(const struct import *import, struct tg_error *error)
{
    const struct tg_text *bytes = &import->csv.bytes;
    return (tg_utf8_is_valid(tg_text_string(bytes), bytes->length) &&
            !memchr(tg_text_string(bytes), '\0', bytes->length)) ||
           tg_error_set(error, "invalid_field", "body", "A line must be UTF-8 without NUL");
}

static bool read_contact(struct import *import, struct tg_imported *item, struct tg_error *error)
{
    struct tg_span phone = cell(import, COLUMN_PHONE);
    struct tg_span name = cell(import, COLUMN_NAME);
    struct tg_span language = cell(import, COLUMN_LANGUAGE);
    struct tg_span tags = cell(import, COLUMN_TAGS);
    if (!check_text(import, error))
        return false;
    if (phone.length == 0)
        return tg_error_set(error, "missing_field", "phone", "phone is required");
    if (!tg_phone_read(phone.data, phone.length, import->home, "phone", item->phone, error))
        return false;
    if (name.length > NAME_BYTES_MAX)
        return tg_error_set(error, "invalid_field", "name", "name must have up to %d bytes",
                            NAME_BYTES_MAX);
    if (language.length > 0 && !is_language(language))
        return tg_error_set(error, "invalid_field", "language",
                            "language must be as in en or pt_BR");
    if (!check_tags(tags, error))
        return false;
    memset(item->language, 0, sizeof item->language);
    if (language.length > 0)
        memcpy(item->language, language.data, language.length);
    tg_text_clear(&item->name);
    tg_text_append(&item->name, name.data, name.length);
    tg_text_clear(&item->tags);
    tg_text_append(&item->tags, tags.data, tags.length);
    return true;
}

// Reads up to a batch's worth. False: there is no more.
static bool read_batch(struct import *import)
{
    struct tg_error error = {0};
    import->n = 0;
    while (import->n < STEP && import->lines < TG_IMPORT_LINES_MAX) {
        enum tg_csv_read read = tg_csv_next(&import->csv);
        if (read == TG_CSV_END)
            return false;
        import->lines++;
        if (read == TG_CSV_BAD)
            tg_error_set(&error, "invalid_field", "body",
                         "A line must have up to %d bytes and %d cells, and end its quotes",
                         TG_IMPORT_LINE_MAX, TG_CSV_CELLS_MAX);
        if (read == TG_CSV_RECORD && read_contact(import, &import->items[import->n], &error))
            import->line_of[import->n++] = import->csv.line;
        else
            refuse_line(import, import->csv.line, &error);
    }
    return import->lines < TG_IMPORT_LINES_MAX;
}

// What is behind the last line that is taken is told, too.
static void refuse_rest(struct import *import)
{
    struct tg_error error;
    while (tg_csv_next(&import->csv) != TG_CSV_END) {
        import->lines++;
        tg_error_set(&error, "body_too_large", NULL, "A file has up to %d lines",
                     TG_IMPORT_LINES_MAX);
        refuse_line(import, import->csv.line, &error);
    }
}

static bool keep_batch(struct tg_pg *pg, struct import *import, struct tg_error *error)
{
    enum tg_import_outcome outcomes[STEP];
    if (import->n == 0)
        return true;
    enum tg_pg_status status = tg_store_import_contacts(pg, import->actor, import->org_id,
                                                        import->items, import->n, outcomes);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    for (size_t i = 0; i < import->n; i++) {
        import->counts[outcomes[i]]++;
        if (outcomes[i] != TG_IMPORT_FULL)
            continue;
        tg_error_set(error, "invalid_field", "tags",
                     "With these the contact would have more than %d tags", TAGS_MAX);
        refuse_line(import, import->line_of[i], error);
    }
    return true;
}

// Others have their turns between two batches, where there is room to wait for one.
static void go_on(struct tg_pg *pg, void *context)
{
    struct import *import = context;
    struct tg_error error;
    for (;;) {
        bool more = read_batch(import);
        if (!keep_batch(pg, import, &error)) {
            end_with(import, &error);
            return;
        }
        if (!more)
            break;
        if (pool_submit(import->pool, import->org_id, go_on, import) == TG_FAIR_ADDED)
            return;
    }
    refuse_rest(import);
    end(import);
}

static enum column column_named(struct tg_span text)
{
    enum column i = 0;
    while (i < COLUMNS && (text.length != strlen(column_names[i]) ||
                           strncasecmp(text.data, column_names[i], text.length) != 0))
        i++;
    return i;
}

// In whole characters.
static size_t length_shown(struct tg_span text)
{
    size_t length = text.length < COLUMN_SHOWN_MAX ? text.length : COLUMN_SHOWN_MAX;
    while (length > 0 && length < text.length && (text.data[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static bool read_column(struct import *import, size_t place, struct tg_error *error)
{
    struct tg_span text = tg_csv_trimmed_cell(&import->csv, place);
    enum column column = column_named(text);
    int shown = (int)length_shown(text);
    if (column == COLUMNS)
        return tg_error_set(
            error, "unknown_field", "body",
            "Column %zu is \"%.*s\", and must be one of phone, name, language, tags", place + 1,
            shown, text.data);
    if (import->places[column] < TG_CSV_CELLS_MAX)
        return tg_error_set(error, "unknown_field", "body", "Column %zu, \"%.*s\", is there twice",
                            place + 1, shown, text.data);
    import->places[column] = place;
    return true;
}

static bool read_columns(struct import *import, struct tg_error *error)
{
    for (enum column i = 0; i < COLUMNS; i++)
        import->places[i] = TG_CSV_CELLS_MAX;
    if (tg_csv_next(&import->csv) != TG_CSV_RECORD)
        return tg_error_set(error, "invalid_field", "body",
                            "The first line must name the columns: phone, name, language, tags");
    if (!check_text(import, error))
        return false;
    for (size_t i = 0; i < import->csv.n; i++) {
        if (!read_column(import, i, error))
            return false;
    }
    return import->places[COLUMN_PHONE] < TG_CSV_CELLS_MAX ||
           tg_error_set(error, "missing_field", "body", "There must be a column phone");
}

static bool find_home(struct tg_pg *pg, struct import *import, struct tg_error *error)
{
    bool found = false;
    enum tg_pg_status status =
        tg_store_get_default_country(pg, import->org_id, &found, &import->region);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    import->home = found ? tg_country_find(import->region.code) : NULL;
    return true;
}

// The file stays the request's, which closes it.
static bool open_file(struct import *import, struct tg_error *error)
{
    int file = import->request->body.file < 0 ? -1 : dup(import->request->body.file);
    import->file = file < 0 ? NULL : fdopen(file, "r");
    if (!import->file) {
        if (file >= 0)
            close(file);
        return tg_error_set(error, "invalid_field", "body", "The body must be a file with lines");
    }
    rewind(import->file);
    import->csv = tg_csv_of(import->file, TG_IMPORT_LINE_MAX);
    return true;
}

void import_contacts(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    const struct sends *sends = endpoint_context(request);
    struct tg_uuid org_id;
    struct tg_error error;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    struct import *import = tg_alloc(sizeof *import);
    memset(import, 0, sizeof *import);
    import->request = request;
    import->pool = sends->pool;
    import->org_id = org_id;
    import->actor = caller->actor;
    if (open_file(import, &error) && read_columns(import, &error) && find_home(pg, import, &error))
        go_on(pg, import);
    else
        end_with(import, &error);
}
