// Meta: down, out of reach, silent, flooded, and somebody else in its place.
#include "tests/faults/fault.h"

#include <signal.h>

TestSuite(meta, .timeout = 300);

enum { OUTAGE_MS = 2500, EACH = 5, STOP_S = 10 };

static void set_mode(struct rig *rig, enum proxy_mode mode)
{
    proxy_set(rig->to_meta, mode);
    fault_lasts(OUTAGE_MS);
    proxy_set(rig->to_meta, PROXY_PASS);
}

static void set_for_a_while(struct rig *rig, const char *settings, const char *back)
{
    simulator_set(rig->gateway->simulator, settings);
    fault_lasts(OUTAGE_MS);
    simulator_set(rig->gateway->simulator, back);
}

FAULT(meta, down)
{
    set_for_a_while(rig, "{\"down\": true}", "{\"down\": false}");
}

FAULT(meta, refusing)
{
    set_mode(rig, PROXY_REFUSE);
}

FAULT(meta, hanging)
{
    set_mode(rig, PROXY_HANG);
}

FAULT(meta, resetting)
{
    set_mode(rig, PROXY_RESET);
}

FAULT(meta, taking_without_an_answer)
{
    set_mode(rig, PROXY_SWALLOW);
}

FAULT(meta, answers_lost)
{
    proxy_lose_answers(rig->to_meta, "/messages", EACH);
    eventually(proxy_cuts_left(rig->to_meta) == 0);
}

FAULT(meta, requests_cut)
{
    proxy_cut_in_the_middle(rig->to_meta, "/messages", EACH);
    eventually(proxy_cuts_left(rig->to_meta) == 0);
}

FAULT(meta, limiting_rates)
{
    set_for_a_while(rig, "{\"mps\": 3}", "{\"mps\": 0}");
}

FAULT(meta, slow)
{
    set_for_a_while(rig, "{\"latency_ms\": 1000}", "{\"latency_ms\": 0}");
}

// Somebody else answers in Meta's place: nothing is posted to them.
FAULT(meta, with_a_wrong_certificate)
{
    const char *key = text_of("%s/key.pem", testbed_directory());
    const char *certificate = text_of("%s/certificate.pem", testbed_directory());
    const char *port = text_of("%d", testbed_port());
    struct command_result made =
        command_run(WORDS("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                          "-days", "1", "-subj", "/CN=localhost"),
                    NULL);
    cr_assert(made.status == 0, "%s", made.errors);
    struct process *impostor =
        process_start(text_of("impostor-%s", port),
                      WORDS("openssl", "s_server", "-quiet", "-www", "-accept",
                            text_of("127.0.0.1:%s", port), "-key", key, "-cert", certificate),
                      NULL);
    rig_end(&rig->workers[0]);
    rig_start_worker_at(rig, 0, text_of("https://127.0.0.1:%s", port));
    fault_lasts(OUTAGE_MS);
    rig_end(&rig->workers[0]);
    rig_start_worker(rig, 0, NULL);
    process_kill(impostor);
}
