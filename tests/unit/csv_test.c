#include "common/base/csv.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

struct file {
    char bytes[64];
    char read[80]; // records: their line, a colon, and cells with | between; "bad" for what is none
};

ParameterizedTestParameters(csv, records_are_read_as_they_are_written)
{
    static struct file files[] = {
        {"a,b\nc,d\n", "1:a|b 2:c|d"},
        {"a,b\r\nc,d", "1:a|b 2:c|d"},
        {"\xef\xbb\xbf"
         "a\n",
         "1:a"},
        {"a,\n,b\n", "1:a| 2:|b"},
        {"\n\na\n\r\nb\n", "3:a 5:b"},
        {"\"a,\"\"b\"\"\nc\",d\ne\n", "1:a,\"b\"\nc|d 3:e"},
        {"a \"b\" c\n", "1:a \"b\" c"},
        {"\"a\" b,c\n", "1:a b|c"},
        {"\"a\nb\n", "1:bad"},
        {"1234567890123456,1\nb\n", "1:bad 2:b"}, // at most 16 bytes
        {"a\rb\n", "1:a\rb"},
        {"", ""},
        {"\xef\xbb", "1:\xef\xbb"},
    };
    return cr_make_param_array(struct file, files, sizeof files / sizeof *files);
}

ParameterizedTest(struct file *file, csv, records_are_read_as_they_are_written)
{
    struct tg_text read = {0};
    enum tg_csv_read what;
    FILE *stream = tmpfile();
    fwrite(file->bytes, 1, strlen(file->bytes), stream);
    rewind(stream);
    struct tg_csv csv = tg_csv_of(stream, 16);
    while ((what = tg_csv_next(&csv)) != TG_CSV_END) {
        tg_text_append_format(&read, "%s%zu:%s", read.length > 0 ? " " : "", csv.line,
                              what == TG_CSV_BAD ? "bad" : "");
        for (size_t i = 0; what == TG_CSV_RECORD && i < csv.n; i++)
            tg_text_append_format(&read, "%s%.*s", i > 0 ? "|" : "",
                                  (int)tg_csv_cell(&csv, i).length, tg_csv_cell(&csv, i).data);
    }
    cr_assert_str_eq(tg_text_string(&read), file->read);
    cr_assert_null(tg_csv_cell(&csv, TG_CSV_CELLS_MAX).data);
    tg_text_finish(&read);
    tg_csv_finish(&csv);
    fclose(stream);
}

struct record {
    char cells[4][24]; // up to the first empty one
    char written[64];
};

ParameterizedTestParameters(csv, records_are_written_so_that_they_are_read_again_and_do_nothing)
{
    static struct record records[] = {
        {{"a", "b c"}, "a,b c\r\n"},
        {{"a,b", "\"c\"", "d\ne"}, "\"a,b\",\"\"\"c\"\"\",\"d\ne\"\r\n"},
        {{"-0.20", "-12", "1e3"}, "-0.20,-12,1e3\r\n"},
        {{"=1+1", "+49", "-", "@x"}, "'=1+1,'+49,'-,'@x\r\n"},
        {{"-1-1", "-.5", "-1.2.3"}, "'-1-1,'-.5,'-1.2.3\r\n"},
        {{"\t=1", "\r=1", "\"=1"}, "'\t=1,\"'\r=1\",\"\"\"=1\"\r\n"},
    };
    return cr_make_param_array(struct record, records, sizeof records / sizeof *records);
}

ParameterizedTest(struct record *record, csv,
                  records_are_written_so_that_they_are_read_again_and_do_nothing)
{
    struct tg_span cells[4];
    struct tg_text written = {0};
    size_t n = 0;
    for (; n < 4 && *record->cells[n]; n++)
        cells[n] = (struct tg_span){record->cells[n], strlen(record->cells[n])};
    tg_csv_append(&written, cells, n);
    cr_assert_str_eq(tg_text_string(&written), record->written);
    tg_text_finish(&written);
}
