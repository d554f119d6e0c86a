#include "common/store/figures.h"

#include "common/store/calls.h"

struct question {
    const char *figure;
};

static const struct tg_call list_figures = {
    .name = "list_figures",
    .one = TG_FIELDS(TEXT("p_figure", question, figure)),
    .out = TG_FIELDS(TEXT("label", tg_counted, label), INT8("number", tg_counted, number),
                     INT8("age_s", tg_counted, age_s)),
    .only_reads = true,
};

enum tg_pg_status tg_store_list_figures(struct tg_pg *pg, const char *figure,
                                        struct tg_counted *counted, size_t max, size_t *n)
{
    struct question question = {figure};
    return tg_pg_call(pg, &list_figures, TG_ONE(&question), TG_ROWS_TO(counted, max, n));
}

const struct tg_call *const tg_figure_calls[] = {&list_figures, NULL};
