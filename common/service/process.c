#include "common/service/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void render(struct tg_text *text, const char *name, const char *type, const char *help,
                   double value)
{
    tg_text_append_format(text, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type,
                          name, value);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

// The bytes of a small file of /proc; false: it cannot be read.
static bool read_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(bytes, 1, size - 1, file) : 0;
    bytes[length] = '\0';
    if (file)
        (void)fclose(file);
    return length > 0;
}

// The n-th field of /proc/self/stat (proc(5)), from the third on: the second, the program's name,
// may have blanks, and ends with the last parenthesis.
static bool stat_field(const char *stat, int n, double *value)
{
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < n; field++)
        at = strchr(at + 1, ' ');
    if (at)
        *value = strtod(at, NULL);
    return at != NULL;
}

// Counts this process's open files, but for the one that counting takes.
static int count_files(void)
{
    DIR *files = opendir("/proc/self/fd");
    int n = 0;
    if (!files)
        return -1;
    const struct dirent *entry;
    while ((entry = readdir(files))) // NOLINT(concurrency-mt-unsafe): of a stream of our own
        n += entry->d_name[0] != '.';
    closedir(files);
    return n - 1;
}

static void render_files(struct tg_text *text)
{
    struct rlimit limit;
    int files = count_files();
    if (files >= 0)
        render(text, "process_open_fds", "gauge", "Open files.", files);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        render(text, "process_max_fds", "gauge", "How many there may be.", (double)limit.rlim_cur);
}

// Both are counted from when the machine was started.
static void render_start(struct tg_text *text, const char *stat)
{
    char bytes[16384];
    double ticks;
    const char *boot =
        read_file("/proc/stat", bytes, sizeof bytes) ? strstr(bytes, "\nbtime ") : NULL;
    if (boot && stat_field(stat, 22, &ticks))
        render(text, "process_start_time_seconds", "gauge", "When it was started, as Unix time.",
               strtod(boot + 7, NULL) + ticks / (double)sysconf(_SC_CLK_TCK));
}

void tg_process_render(struct tg_text *text)
{
    char stat[1024];
    double bytes;
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        render(text, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
               seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    render_files(text);
    if (!read_file("/proc/self/stat", stat, sizeof stat))
        return;
    if (stat_field(stat, 23, &bytes))
        render(text, "process_virtual_memory_bytes", "gauge", "Addresses in use.", bytes);
    if (stat_field(stat, 24, &bytes))
        render(text, "process_resident_memory_bytes", "gauge", "Memory in use.",
               bytes * (double)sysconf(_SC_PAGESIZE));
    render_start(text, stat);
}
