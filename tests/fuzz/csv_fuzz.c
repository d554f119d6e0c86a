#include "common/base/csv.h"
#include "tests/fuzz/fuzz.h"

enum { RECORD_MAX = 256 };

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
}
