// A tenant's program in TypeScript, whose types are made of the gateway's own description, and that
// hears it through a proxy that holds every answer to it (tests/client).
#include "tests/system/org.h"

TestSuite(client, .timeout = 240);

enum { COMPILED_WITHIN_S = 120 };

Test(client, a_tenants_program_gets_what_was_described)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *key = database_text(
        gateway->database, "SELECT create_api_key('%s', 'all', '{send,read,manage,money,keys}')",
        org.id);
    // It is compiled first, which takes what the machine has.
    struct process *program =
        process_start("tenant",
                      WORDS("node", text_of("%s/tests/client/try.mjs", TOLLGATE_SOURCE_DIR),
                            gateway->ingress.url, key, text_of("%s/client", testbed_directory())),
                      WORDS(text_of("TOLLGATE_TEST_PATIENCE_S=%d", PATIENCE_S)));
    int status = process_wait(program, COMPILED_WITHIN_S + PATIENCE_S);
    cr_assert_eq(status, 0, "%s", process_log(program));
    stop_gateway(gateway);
}
