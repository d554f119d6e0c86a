// A tenant's program in TypeScript, whose types are made of the gateway's own description, and that
// hears it through a proxy that holds every answer to it (tests/client).
#include "tests/system/org.h"

TestSuite(client, .timeout = 120);

Test(client, a_tenants_program_gets_what_was_described)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *key = database_text(
        gateway->database, "SELECT create_api_key('%s', 'all', '{send,read,manage,money,keys}')",
        org.id);
    struct command_result result =
        command_run(WORDS("node", TOLLGATE_SOURCE_DIR "/tests/client/try.mjs", gateway->ingress.url,
                          key, text_of("%s/client", testbed_directory())),
                    NULL);
    cr_assert_eq(result.status, 0, "%s%s", result.output, result.errors);
    stop_gateway(gateway);
}
