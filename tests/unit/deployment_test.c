// What stands beside the table of settings says the same as the table: docker-compose.yml and the
// units. (.env.example is compared in settings_test.c; here it tells what there is.)
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 * 1024, NAMES_MAX = 128 };

struct name {
    char text[64];
};

struct names {
    struct name name[NAMES_MAX];
    size_t count;
};

static const char *text_of(const char *path)
{
    static char texts[8][TEXT_MAX];
    static size_t used;
    char whole[256];
    snprintf(whole, sizeof whole, TOLLGATE_SOURCE_DIR "/%s", path);
    FILE *file = fopen(whole, "re");
    cr_assert(file && used < 8, "%s", path);
    char *text = texts[used++];
    text[fread(text, 1, TEXT_MAX - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static bool has(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i].text, name) == 0)
            return true;
    }
    return false;
}

static void add(struct names *names, const char *from)
{
    struct name name;
    size_t length = strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    snprintf(name.text, sizeof name.text, "%.*s", (int)length, from);
    cr_assert(names->count < NAMES_MAX);
    if (!has(names, name.text))
        names->name[names->count++] = name;
}

// The settings of a daemon: "# For ingress and worker; ...", and the next line that names one.
static struct names settings_of(const char *daemon)
{
    struct names names = {.count = 0};
    bool wanted = false;
    for (const char *line = text_of(".env.example"); *line;) {
        char text[1024];
        size_t length = strcspn(line, "\n");
        snprintf(text, sizeof text, "%.*s", (int)length, line);
        if (strncmp(text, "# For ", 6) == 0)
            text[strcspn(text, ";.")] = '\0', wanted = strstr(text, daemon) != NULL;
        else if (wanted && strncmp(text + (text[0] == '#'), "TOLLGATE_", 9) == 0)
            add(&names, text + (text[0] == '#'));
        line += length + (line[length] == '\n');
    }
    cr_assert_geq(names.count, 10);
    return names;
}

// Those that a text gives a value, up to `end` (NULL: its end): TOLLGATE_X followed by `mark`.
static void add_given(struct names *names, const char *text, const char *end, char mark)
{
    for (; (text = strstr(text, "TOLLGATE_")) && (!end || text < end); text += 9) {
        size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (text[length] == mark && text[-1] != '{')
            add(names, text);
    }
}

static void expect_all_of(const struct names *some, const struct names *all, const char *where)
{
    for (size_t i = 0; i < some->count; i++)
        cr_assert(has(all, some->name[i].text), "%s: %s", where, some->name[i].text);
}

// What compose gives a service: its own block, and the one of both daemons.
static struct names given_by_compose(const char *service)
{
    struct names names = {.count = 0};
    const char *compose = text_of("docker-compose.yml");
    const char *shared = strstr(compose, "\nx-settings:");
    const char *own = strstr(compose, service);
    cr_assert(shared && own);
    const char *end = strstr(own, "\n\n");
    cr_assert(strstr(own, "<<: *settings") && strstr(own, "<<: *settings") < end);
    add_given(&names, shared, strstr(shared + 1, "\n\n"), ':');
    add_given(&names, own, end, ':');
    return names;
}

Test(deployment, compose_gives_each_daemon_every_setting_and_no_other)
{
    static const char *const daemons[][2] = {{"ingress", "\n  ingress:\n"},
                                             {"worker", "\n  worker:\n"}};
    for (size_t i = 0; i < 2; i++) {
        struct names settings = settings_of(daemons[i][0]);
        struct names given = given_by_compose(daemons[i][1]);
        expect_all_of(&settings, &given, "not in docker-compose.yml");
        expect_all_of(&given, &settings, "no setting, in docker-compose.yml");
    }
}

// The file has the rest, and the environment would keep a reload from changing it.
Test(deployment, units_give_the_address_for_figures_and_files_and_nothing_else)
{
    // (Ingress has the keys of tokens only where it has a desk, or relays.)
    static const char *const units[][4] = {
        {"ingress", "deploy/systemd/tollgate-ingress@.service",
         "\nEnvironment=TOLLGATE_SETTINGS_FILE=/etc/tollgate/ingress.env\n",
         "\n#LoadCredential=token-keys:/etc/tollgate/token-keys\n"
         "#Environment=TOLLGATE_TOKEN_KEYS=%d/token-keys\n"},
        {"worker", "deploy/systemd/tollgate-worker@.service",
         "\nEnvironment=TOLLGATE_SETTINGS_FILE=/etc/tollgate/worker.env\n",
         "\nLoadCredential=token-keys:/etc/tollgate/token-keys\n"
         "Environment=TOLLGATE_TOKEN_KEYS=%d/token-keys\n"}};
    for (size_t i = 0; i < 2; i++) {
        struct names settings = settings_of(units[i][0]);
        struct names given = {.count = 0};
        const char *unit = text_of(units[i][1]);
        add_given(&given, unit, NULL, '=');
        expect_all_of(&given, &settings, units[i][1]);
        cr_assert_eq(given.count, 3, "%s", units[i][1]);
        cr_assert(strstr(unit, units[i][2]), "%s", units[i][1]);
        cr_assert(strstr(unit, units[i][3]), "%s", units[i][1]);
        cr_assert(strstr(unit, "\nEnvironment=TOLLGATE_ADMIN_LISTEN=127.0.0.1:9"));
        cr_assert(strstr(unit, "%i\n"));
    }
}
