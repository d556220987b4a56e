// SPDX-License-Identifier: MIT
/*
 * /proc and /sys on the machine and the kernel as a whole. What changes the machine is only done
 * in Latchkey, which nobody else uses meanwhile.
 */
#include "tests/ring3/proc.h"

#include <sys/stat.h>

#define POOL      "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define POOL_SIZE "/proc/sys/vm/nr_hugepages"
#define INIT_PKRU "/sys/kernel/debug/x86/init_pkru"
#define HUGE_PAGE ((size_t)2 << 20)

static bool skipped_on_linux(void)
{
    if (!is_latchkey())
        ktap_skip("this would change the machine");
    return !is_latchkey();
}

/* ---- /proc ---- */

/* Whether a word stands in the line at text, with blanks around it. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    const char *end = text + strcspn(text, "\n");

    for (; text != NULL && text < end; text = strchr(text + 1, ' '))
        if (strncmp(text + 1, word, length) == 0 && strchr(" \n", text[1 + length]) != NULL)
            return true;
    return false;
}

static void cpuinfo_names_the_keys(void)
{
    const char *flags;

    EXPECT(read_file("/proc/cpuinfo") > 0);
    EXPECT(behind_label(proc_text, "processor\t: 0\n") == proc_text + strlen("processor\t: 0\n"));
    flags = behind_label(proc_text, "flags\t\t:");
    if (!EXPECT(flags != NULL))
        return;
    EXPECT_EQUAL(has_word(flags, "pku"), pkru_enabled());
    EXPECT_EQUAL(has_word(flags, "ospke"), pkru_enabled());
    EXPECT(has_word(flags, "fpu"));
    EXPECT(has_word(flags, "syscall"));
    EXPECT(has_word(flags, "lm"));
}

static void meminfo(void)
{
    long total;

    EXPECT(read_file("/proc/meminfo") > 0);
    total = number_behind("MemTotal:");
    EXPECT(total > 16 << 10);
    EXPECT(number_behind("MemFree:") > 0);
    EXPECT(number_behind("MemFree:") <= total);
    EXPECT(number_behind("MemAvailable:") > 0);
    EXPECT_EQUAL(number_behind("Hugepagesize:"), 2048);
    EXPECT(number_behind("HugePages_Total:") >= 0);
}

/* Hundredths of a second. */
static long uptime(void)
{
    char *dot;
    long seconds;

    read_file("/proc/uptime");
    seconds = strtol(proc_text, &dot, 10);
    return seconds * 100 + strtol(dot + 1, NULL, 10);
}

static void uptime_goes_on(void)
{
    long before = uptime();

    usleep(50000);
    EXPECT(uptime() >= before + 4);
}

static void an_open_file_tells_news(void)
{
    char first[64] = "", again[64] = "";
    int file = open("/proc/uptime", O_RDONLY);

    EXPECT(read(file, first, sizeof(first) - 1) > 0);
    EXPECT_EQUAL(read(file, again, sizeof(again)), 0);
    usleep(50000);
    EXPECT(pread(file, again, sizeof(again) - 1, 0) > 0);
    EXPECT(strcmp(first, again) != 0);
    close(file);
}

static void version_and_release(void)
{
    struct utsname name;

    uname(&name);
    EXPECT(read_file("/proc/version") > 0);
    EXPECT(strncmp(proc_text, "Linux version ", 14) == 0);
    EXPECT(strncmp(proc_text + 14, name.release, strlen(name.release)) == 0);
    EXPECT(read_file("/proc/sys/kernel/osrelease") > 0);
    EXPECT(same_line(proc_text, name.release));
}

static void mounts(void)
{
    EXPECT(read_file("/proc/mounts") > 0);
    EXPECT(strstr(proc_text, " / ") != NULL);
    EXPECT(strstr(proc_text, " /proc proc rw") != NULL);
    EXPECT(strstr(proc_text, " /sys sysfs rw") != NULL);
}

static void self_is_who_reads_it(void)
{
    char own[32], target[32];

    snprintf(own, sizeof(own), "%d", getpid());
    EXPECT(read_target("/proc/self", target, sizeof(target)) > 0);
    EXPECT(strcmp(target, own) == 0);
    snprintf(own, sizeof(own), "%d/task/%d", getpid(), getpid());
    EXPECT(read_target("/proc/thread-self", target, sizeof(target)) > 0);
    EXPECT(strcmp(target, own) == 0);
}

/* The highest number of a CPU in a file of ranges. */
static long last_processor(const char *path)
{
    const char *number = proc_text;

    if (read_file(path) <= 0)
        return -1;
    for (const char *at = proc_text; *at; at++)
        if (*at == '-' || *at == ',')
            number = at + 1;
    return strtol(number, NULL, 10);
}

/* Lines of the text, behind the first, that tell of one CPU, in their order. */
static long count_processors(void)
{
    long count = 0;
    char line[16];

    for (const char *at = strchr(proc_text, '\n'); at; at = strchr(at + 1, '\n')) {
        int length = snprintf(line, sizeof(line), "\ncpu%ld ", count);
        count += strncmp(at, line, (size_t)length) == 0;
    }
    return count;
}

static void counters_of_stat(void)
{
    long last = last_processor("/sys/devices/system/cpu/online");

    EXPECT(read_file("/proc/stat") > 0);
    EXPECT(strncmp(proc_text, "cpu  ", 5) == 0);
    EXPECT_EQUAL(count_processors(), last + 1);
    EXPECT(number_behind("ctxt ") > 0);
    EXPECT(number_behind("btime ") > 0);
    EXPECT(number_behind("processes ") > 0);
    EXPECT(number_behind("procs_running ") > 0);
}

static void what_is_not_there(void)
{
    EXPECT_ERROR(open("/proc/nothing", O_RDONLY), ENOENT);
    EXPECT_ERROR(open("/proc/0", O_RDONLY), ENOENT);
    EXPECT_ERROR(open("/proc/01", O_RDONLY), ENOENT);
    EXPECT_ERROR(open("/proc/self/fd/4096", O_RDONLY), ENOENT);
    EXPECT_ERROR(open("/proc/version/x", O_RDONLY), ENOTDIR);
}

static void nothing_can_be_made(void)
{
    EXPECT_ERROR(open("/proc/nothing", O_WRONLY | O_CREAT, 0644), ENOENT);
    EXPECT_ERROR(syscall(__NR_mkdir, "/proc/self/nothing", 0755), ENOENT);
    EXPECT_ERROR(syscall(__NR_mknod, "/proc/nothing", S_IFREG | 0644, 0), ENOENT);
    EXPECT_ERROR(syscall(__NR_symlink, "target", "/proc/self/fd/nothing"), ENOENT);
    EXPECT_ERROR(syscall(__NR_link, "/proc/version", "/proc/nothing"), ENOENT);
    EXPECT_ERROR(syscall(__NR_rename, "/proc/version", "/proc/nothing"), ENOENT);
    EXPECT_ERROR(open("/sys/nothing", O_WRONLY | O_CREAT, 0644), EACCES);
    EXPECT_ERROR(syscall(__NR_mkdir, "/sys/kernel/nothing", 0755), EPERM);
    EXPECT_ERROR(syscall(__NR_mknod, "/sys/nothing", S_IFREG | 0644, 0), EACCES);
    EXPECT_ERROR(syscall(__NR_symlink, "target", "/sys/nothing"), EPERM);
}

/* ---- /sys ---- */

static void processors(void)
{
    char path[64];
    long last = last_processor("/sys/devices/system/cpu/present");

    EXPECT(last >= 0);
    EXPECT(last_processor("/sys/devices/system/cpu/possible") >= last);
    EXPECT(last_processor("/sys/devices/system/cpu/online") >= 0);
    for (long cpu = 0; cpu <= last + 1; cpu++) {
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/", cpu);
        EXPECT_ERROR(access(path, F_OK), cpu <= last ? 0 : ENOENT);
    }
}

static long number_in(const char *path)
{
    return read_file(path) > 0 ? strtol(proc_text, NULL, 10) : -1;
}

static void the_pool_agrees_with_itself(void)
{
    long total = number_in(POOL "nr_hugepages");

    EXPECT(total >= 0);
    EXPECT_EQUAL(number_in(POOL_SIZE), total);
    EXPECT(number_in(POOL "free_hugepages") <= total);
    EXPECT(number_in(POOL "resv_hugepages") <= total);
    read_file("/proc/meminfo");
    EXPECT_EQUAL(number_behind("HugePages_Total:"), total);
}

static void the_pool_can_be_resized(void)
{
    char *pages;

    if (skipped_on_linux())
        return;
    EXPECT_SUCCESS(write_file(POOL_SIZE, "3"));
    EXPECT_EQUAL(number_in(POOL_SIZE), 3);
    EXPECT_EQUAL(number_in(POOL "free_hugepages"), 3);
    pages = mmap(NULL, 2 * HUGE_PAGE, READ_WRITE, PRIVATE | MAP_HUGETLB, -1, 0);
    EXPECT(pages != MAP_FAILED);
    EXPECT_EQUAL(number_in(POOL "free_hugepages"), 3);
    EXPECT_EQUAL(number_in(POOL "resv_hugepages"), 2);
    *pages = 1;
    EXPECT_EQUAL(number_in(POOL "free_hugepages"), 2);
    EXPECT_EQUAL(number_in(POOL "resv_hugepages"), 1);
    EXPECT_SUCCESS(write_file(POOL "nr_hugepages", "0\n"));
    EXPECT_EQUAL(number_in(POOL_SIZE), 2);
    munmap(pages, 2 * HUGE_PAGE);
    EXPECT_SUCCESS(write_file(POOL_SIZE, " 0\n"));
    EXPECT_EQUAL(number_in(POOL_SIZE), 0);
    EXPECT_ERROR(write_file(POOL_SIZE, "many"), EINVAL);
}

static void transparent_pages_are_by_advice(void)
{
    if (!is_latchkey()) {
        ktap_skip("this is Linux's own affair");
        return;
    }
    EXPECT(read_file("/sys/kernel/mm/transparent_hugepage/enabled") > 0);
    EXPECT(strcmp(proc_text, "always [madvise] never\n") == 0);
}

/* ---- debugfs ---- */

static bool skipped_without_init_pkru(void)
{
    if (skipped_without_pku())
        return true;
    if (access(INIT_PKRU, R_OK | W_OK) == 0)
        return false;
    ktap_skip("there is no access to " INIT_PKRU);
    return true;
}

static void init_pkru_is_hexadecimal(void)
{
    if (skipped_without_init_pkru())
        return;
    char expected[16];
    struct stat status;

    read_file(INIT_PKRU);
    snprintf(expected, sizeof(expected), "0x%x\n", (unsigned int)strtoul(proc_text, NULL, 16));
    EXPECT(strcmp(proc_text, expected) == 0);
    EXPECT_EQUAL((unsigned int)strtoul(proc_text, NULL, 16), first_pkru);
    EXPECT_SUCCESS(stat(INIT_PKRU, &status));
    EXPECT_EQUAL(status.st_mode, S_IFREG | 0600);
}

static void init_pkru_refuses_values(void)
{
    char before[32];

    if (skipped_without_init_pkru())
        return;
    read_file(INIT_PKRU);
    memcpy(before, proc_text, sizeof(before));
    EXPECT_ERROR(write_file(INIT_PKRU, "0x1"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "0x55555556"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "3\n"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "0x100000000"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "keys"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "0x"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "08"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, " 0x0"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "0x0 "), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "0x0\n\n"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "-4"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, "\n"), EINVAL);
    EXPECT_ERROR(write_file(INIT_PKRU, ""), EINVAL);
    read_file(INIT_PKRU);
    EXPECT(strcmp(before, proc_text) == 0);
}

static void init_pkru_takes_numbers(void)
{
    static const struct {
        const char *written, *read;
        size_t size;
    } numbers[] = {
        {"0x55555518", "0x55555518\n", 10},   {"0X5555551C\n", "0x5555551c\n", 11},
        {"012525252430", "0x55555518\n", 12}, {"1431655708\n", "0x5555551c\n", 11},
        {"+0xfffffffc", "0xfffffffc\n", 11},  {"0x55555550\n\0\0more", "0x55555550\n", 17},
    };
    char before[32];

    if (skipped_without_init_pkru() || skipped_on_linux())
        return;
    read_file(INIT_PKRU);
    memcpy(before, proc_text, sizeof(before));
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[32] = "";
        int file = open(INIT_PKRU, O_RDWR);
        EXPECT_EQUAL(write(file, numbers[i].written, numbers[i].size), numbers[i].size);
        EXPECT_EQUAL(read(file, text, sizeof(text)), strlen(numbers[i].read)); /* from its start */
        EXPECT(strcmp(text, numbers[i].read) == 0);
        close(file);
    }
    EXPECT_SUCCESS(write_file(INIT_PKRU, before));
}

static volatile uint32_t pkru_in_handler;

static void note_pkru(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    pkru_in_handler = pkru_read();
}

static void init_pkru_is_for_handlers(void)
{
    char before[32];

    if (skipped_without_init_pkru() || skipped_on_linux())
        return;
    read_file(INIT_PKRU);
    memcpy(before, proc_text, sizeof(before));
    handle(SIGUSR1, note_pkru, 0);
    EXPECT_SUCCESS(write_file(INIT_PKRU, "0x55555518"));
    uint32_t own = pkru_read();
    raise_here(SIGUSR1);
    EXPECT_EQUAL(pkru_in_handler, 0x55555518);
    EXPECT_EQUAL(pkru_read(), own);
    EXPECT_SUCCESS(write_file(INIT_PKRU, before));
}

/* The PKRU that a program starts with: this one, which answers when it has an argument. */
static int pkru_of_a_new_program(void)
{
    pid_t child;
    int status = -1;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        char *const arguments[] = {"proc_system", "pkru", NULL};

        execve("/proc/self/exe", arguments, environ);
        _exit(255);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status >> 8;
}

static void init_pkru_is_for_new_programs(void)
{
    char before[32];
    uint32_t own;

    if (skipped_without_init_pkru() || skipped_on_linux())
        return;
    own = pkru_read();
    read_file(INIT_PKRU);
    memcpy(before, proc_text, sizeof(before));
    EXPECT_SUCCESS(write_file(INIT_PKRU, "0x55555518\n"));
    read_file(INIT_PKRU);
    EXPECT(strcmp(proc_text, "0x55555518\n") == 0);
    EXPECT_EQUAL(pkru_of_a_new_program(), 0x18);
    EXPECT_EQUAL(pkru_read(), own);
    EXPECT_SUCCESS(write_file(INIT_PKRU, before));
    EXPECT_EQUAL(pkru_of_a_new_program(), strtol(before, NULL, 16) & 0xff);
}

static const struct ktap_test tests[] = {
    {"cpuinfo has the flags pku and ospke, if keys are on", cpuinfo_names_the_keys},
    {"meminfo", meminfo},
    {"uptime goes on", uptime_goes_on},
    {"a file read again from its beginning tells what is new", an_open_file_tells_news},
    {"version, and the release that uname() gives", version_and_release},
    {"mounts", mounts},
    {"self and thread-self are the reader", self_is_who_reads_it},
    {"stat: counters", counters_of_stat},
    {"what is not there", what_is_not_there},
    {"nothing can be made in /proc and /sys", nothing_can_be_made},
    {"the processors", processors},
    {"the pool of huge pages is the same in three places", the_pool_agrees_with_itself},
    {"the pool can be resized, down to what is promised", the_pool_can_be_resized},
    {"transparent large pages are by advice", transparent_pages_are_by_advice},
    {"init_pkru is a hexadecimal number", init_pkru_is_hexadecimal},
    {"init_pkru refuses to deny key 0, and what is no number", init_pkru_refuses_values},
    {"init_pkru takes hexadecimal, octal and decimal, at the start of the file",
     init_pkru_takes_numbers},
    {"init_pkru is what handlers run with from then on", init_pkru_is_for_handlers},
    {"init_pkru is what programs start with from then on", init_pkru_is_for_new_programs},
};

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return (int)(pkru_read() & 0xff);
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
