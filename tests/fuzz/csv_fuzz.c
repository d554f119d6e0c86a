#include "common/base/csv.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { RECORD_MAX = 256, WRITTEN_MAX = 8 };

static bool is_harmless(struct tg_span cell)
{
    return cell.length == 0 || !(*cell.data != '\0' && strchr("=+-@\t\r", *cell.data)) ||
           (*cell.data == '-' && cell.length > 1 &&
            strspn(cell.data, "-.0123456789") >= cell.length);
}

// Whatever cells hold, what is written of them is read again, and is no formula.
static void write_and_read(const struct tg_text *input)
{
    struct tg_span cells[WRITTEN_MAX] = {{"x", 1}};
    struct tg_text written = {0};
    size_t n = 1;
    for (size_t i = 0; i < input->length && n < WRITTEN_MAX; i++) {
        const char *end = memchr(input->data + i, ';', input->length - i);
        size_t length = end ? (size_t)(end - input->data) - i : input->length - i;
        cells[n++] = (struct tg_span){input->data + i, length};
        i += length;
    }
    tg_csv_append(&written, cells, n);
    FILE *stream = fmemopen(written.data, written.length, "r");
    struct tg_csv csv = tg_csv_of(stream, written.length);
    FUZZ_HOLDS(tg_csv_next(&csv) == TG_CSV_RECORD && csv.n == n);
    for (size_t i = 0; i < n; i++) {
        struct tg_span read = tg_csv_cell(&csv, i);
        FUZZ_HOLDS(is_harmless(read));
        size_t more = read.length - cells[i].length;
        FUZZ_HOLDS(more == 0 || (more == 1 && *read.data == '\''));
        FUZZ_HOLDS(memcmp(read.data + more, cells[i].data, cells[i].length) == 0);
    }
    FUZZ_HOLDS(tg_csv_next(&csv) == TG_CSV_END);
    tg_csv_finish(&csv);
    fclose(stream);
    tg_text_finish(&written);
}

// Whatever a file holds, it ends, and no cell reaches beyond its record.
FUZZ_TARGET(csv)
{
    FILE *stream = fmemopen(NULL, input->length + 1, "w+");
    fwrite(input->data, 1, input->length, stream);
    rewind(stream);
    struct tg_csv csv = tg_csv_of(stream, RECORD_MAX);
    size_t line = 0;
    for (enum tg_csv_read read; (read = tg_csv_next(&csv)) != TG_CSV_END;) {
        FUZZ_HOLDS(csv.line > line && csv.n >= 1 && csv.n <= TG_CSV_CELLS_MAX);
        line = csv.line;
        size_t length = 0;
        for (size_t i = 0; i < csv.n; i++)
            length += tg_csv_cell(&csv, i).length;
        FUZZ_HOLDS(length == csv.bytes.length && length <= RECORD_MAX);
    }
    tg_csv_finish(&csv);
    fclose(stream);
    write_and_read(input);
}
