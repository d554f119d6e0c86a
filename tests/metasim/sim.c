#include "tests/metasim/sim.h"

// The webhooks that an answer was held for have come.
static void release_answer(void *context, uint64_t ticket)
{
    struct sim *sim = context;
    delay_release(sim->delay, ticket);
}

bool sim_init(struct sim *sim, const char *error_rules_path, int64_t latency_ms,
              struct tg_error *error)
{
    *sim = (struct sim){0};
    if (!error_rules_load(&sim->error_rules, error_rules_path, error))
        return false;
    sim_settings_init(&sim->settings, latency_ms);
    numbers_init(&sim->numbers);
    estate_init(&sim->estate);
    stats_init(&sim->stats);
    wamids_init(&sim->wamids);
    posts_init(&sim->posts, &sim->wamids);
    recipients_init(&sim->recipients);
    rates_init(&sim->rates);
    sim->webhooks = webhooks_create(release_answer, sim);
    return true;
}

void sim_finish(struct sim *sim)
{
    webhooks_destroy(sim->webhooks);
    rates_finish(&sim->rates);
    recipients_finish(&sim->recipients);
    posts_finish(&sim->posts);
    stats_finish(&sim->stats);
    estate_finish(&sim->estate);
    numbers_finish(&sim->numbers);
    error_rules_finish(&sim->error_rules);
}

void sim_reset(struct sim *sim)
{
    sim_settings_reset(&sim->settings);
    numbers_reset(&sim->numbers);
    estate_reset(&sim->estate);
    webhooks_reset(sim->webhooks);
    delay_release_forever(sim->delay);
    rates_reset(&sim->rates);
    recipients_reset(&sim->recipients);
    posts_reset(&sim->posts);
    stats_reset(&sim->stats);
}
