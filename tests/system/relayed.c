#include "tests/system/relayed.h"

#include "common/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gateway *gateway;
struct org acme;
struct org beta;

static struct org given_org_at_meta(const char *name, const char *number, const char *account)
{
    struct org org = given_org(gateway, .name = name, .number = number, .waba_id = account,
                               .token = text_of("EAA%s", name));
    org.key = database_text(gateway->database,
                            "SELECT create_api_key('%s', 'all', '{send,read,manage}')", org.id);
    simulator_account(gateway->simulator,
                      text_of("{\"token\": \"EAA%s\", \"waba_id\": \"%s\", \"phone_number_ids\": "
                              "[\"%s\"]}",
                              name, account, number));
    return org;
}

void relay_given(const struct gateway_options *options)
{
    gateway = gateway_start(options);
    acme = given_org_at_meta("Acme", "4711001", "71001");
    beta = given_org_at_meta("Beta", "4711002", "71002");
}

void relay_end(void)
{
    const char *log = process_log(gateway->ingress.process);
    cr_assert_not(strstr(log, "EAA") || strstr(log, "314159") || strstr(log, acme.key + 12) ||
                      strstr(log, beta.key + 12),
                  "%s", log);
    stop_gateway(gateway);
}

void expect_status_at(const char *here, struct answer answer, int status)
{
    cr_assert_eq(answer.status, status, "%s: %d %s", here, answer.status, answer.body);
}

void expect_error_at(const char *here, struct answer answer, int status, const char *code)
{
    const char *is = answer_text(&answer, "/error/code");
    cr_assert(answer.status == status && strcmp(is, code) == 0, "%s: %d %s", here, answer.status,
              answer.body);
}

void expect_not_there_at(const char *here, struct answer answer)
{
    expect_error_at(here, answer, 400, "100");
    cr_assert(strcmp(answer_text(&answer, "/error/error_subcode"), "33") == 0, "%s: %s", here,
              answer.body);
}

#define BOUNDARY "----relay"

struct http_request upload_of(const struct org *org, const char *type, size_t size)
{
    const char *head = text_of("--" BOUNDARY "\r\nContent-Disposition: form-data; "
                               "name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"
                               "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"type\""
                               "\r\n\r\n%s\r\n--" BOUNDARY "\r\nContent-Disposition: form-data; "
                               "name=\"file\"; filename=\"f\"\r\nContent-Type: %s\r\n\r\n",
                               type, type);
    struct tg_text body = {0}; // ends with the test
    tg_text_append_string(&body, head);
    tg_text_reserve(&body, size);
    memset(body.data + body.length, 'x', size);
    body.length += size;
    tg_text_append_string(&body, "\r\n--" BOUNDARY "--\r\n");
    return (struct http_request){.path = text_of("/v23.0/%s/media", org->phone_number_id),
                                 .key = org->key,
                                 .content_type = "multipart/form-data; boundary=" BOUNDARY,
                                 .body = body.data,
                                 .body_length = body.length};
}

const char *upload(const struct org *org, const char *type, size_t size)
{
    const struct http_request request = upload_of(org, type, size);
    struct answer answer = http_ask(gateway->http, &request);
    expect_status(answer, 200);
    return answer_text(&answer, "/id");
}

const char *path_in(const char *url)
{
    const char *ours = text_of("%s/", gateway->ingress.url);
    cr_assert(strncmp(url, ours, strlen(ours)) == 0, "%s", url);
    return url + strlen(gateway->ingress.url);
}

const char *content_path(const struct org *org, const char *media_id)
{
    return text_of("/v23.0/media-content/%s/%s", org->phone_number_id, media_id);
}

const char *given_template(const struct org *org, const char *name)
{
    const char *account = org == &acme ? "71001" : "71002";
    struct answer answer =
        call(org, .path = text_of("/v23.0/%s/message_templates", account),
             .body = text_of("{\"name\": \"%s\", \"language\": \"en\", \"category\": \"UTILITY\", "
                             "\"components\": [{\"type\": \"BODY\", \"text\": \"secret\"}]}",
                             name));
    expect_status(answer, 200);
    return answer_text(&answer, "/id");
}

long most_memory(const struct daemon *daemon)
{
    const char *status = file_text(text_of("/proc/%d/status", daemon->process->pid), NULL);
    const char *line = status ? strstr(status, "VmHWM:") : NULL;
    cr_assert(line);
    return strtol(line + strlen("VmHWM:"), NULL, 10) / 1024;
}

void forget_memory(const struct daemon *daemon)
{
    FILE *file = fopen(text_of("/proc/%d/clear_refs", daemon->process->pid), "w");
    cr_assert(file && fputs("5", file) >= 0 && fclose(file) == 0);
}

void expect_no_more_memory_at(const char *here, const struct daemon *daemon, long before_mib)
{
    enum { MORE_MIB = 48 };
    long after = most_memory(daemon);
    cr_assert_lt(after - before_mib, MORE_MIB, "%s: %ld MiB became %ld", here, before_mib, after);
}
