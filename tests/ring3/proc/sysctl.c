// SPDX-License-Identifier: MIT
/*
 * The files of /proc/sys that can be written: who may, what they take, and that it counts.
 *
 * On Linux nothing is changed that others would feel: numbers are written as they are, or refused,
 * and what a change does is seen on Latchkey alone.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>

#include "tests/ring3/proc.h"

#define NOBODY       65534
#define LIMIT_NOFILE 7  /* RLIMIT_NOFILE, whose header differs between the libraries */
#define NAME_LENGTH  64 /* of a host or a domain */
#define AREAS        200
#define CHILDREN_MAX 400

#define MAP_COUNT "/proc/sys/vm/max_map_count"
#define MIN_ADDR  "/proc/sys/vm/mmap_min_addr"
#define DROP      "/proc/sys/vm/drop_caches"
#define PIDS      "/proc/sys/kernel/pid_max"
#define TAINTED   "/proc/sys/kernel/tainted"
#define DOMAIN    "/proc/sys/kernel/domainname"
#define HOST      "/proc/sys/kernel/hostname"
#define KIND      "/proc/sys/kernel/ostype"
#define OPEN      "/proc/sys/fs/nr_open"
#define PIPE_SIZE "/proc/sys/fs/pipe-max-size"

static bool skipped_on_linux(void)
{
    if (!is_latchkey())
        ktap_skip("all other processes would feel it");
    return !is_latchkey();
}

/* The number that a file says. */
static unsigned long number_of(const char *path)
{
    EXPECT(read_file(path) > 0);
    return strtoul(proc_text, NULL, 10);
}

static bool says(const char *path, const char *line)
{
    char expected[128];

    snprintf(expected, sizeof(expected), "%s\n", line);
    return read_file(path) >= 0 && strcmp(proc_text, expected) == 0;
}

/* One write: its result. */
static long put_bytes(const char *path, const char *bytes, size_t size)
{
    int file = open(path, O_WRONLY);
    long result;
    int error;

    if (file < 0)
        return -1;
    result = write(file, bytes, size);
    error = errno;
    close(file);
    errno = error;
    return result;
}

static long put(const char *path, const char *text)
{
    return put_bytes(path, text, strlen(text));
}

static long put_number(const char *path, unsigned long number)
{
    char text[32];

    snprintf(text, sizeof(text), "%lu\n", number);
    return put(path, text);
}

static void drop_capability(int capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    EXPECT_SUCCESS(syscall(__NR_capget, &header, data));
    data[0].effective &= ~(1u << capability);
    EXPECT_SUCCESS(syscall(__NR_capset, &header, data));
}

/* ---- who may ---- */

static uint32_t mode_of(const char *path)
{
    struct stat status = {0};

    EXPECT_SUCCESS(stat(path, &status));
    return status.st_mode;
}

static void try_as_nobody(void)
{
    EXPECT_SUCCESS(syscall(__NR_setuid, NOBODY));
    EXPECT_ERROR(open(MAP_COUNT, O_WRONLY), EACCES);
    EXPECT_ERROR(open(DROP, O_WRONLY), EACCES);
    EXPECT_ERROR(open(DROP, O_RDONLY), EACCES);
    EXPECT(number_of(MAP_COUNT) > 0);
}

/* Root may without its capabilities, where none is asked for. */
static void try_without_capabilities(void)
{
    drop_capability(CAP_DAC_OVERRIDE);
    drop_capability(CAP_SYS_ADMIN);
    drop_capability(CAP_SYS_RAWIO);
    EXPECT(put_number(MAP_COUNT, number_of(MAP_COUNT)) > 0);
    EXPECT_ERROR(put_number(MIN_ADDR, number_of(MIN_ADDR)), EPERM);
    EXPECT_ERROR(put(MIN_ADDR, "no number"), EPERM);
    EXPECT_ERROR(put(TAINTED, "0"), EPERM);
}

static void permissions(void)
{
    static const char *const settings[] = {MAP_COUNT, MIN_ADDR, PIDS, TAINTED,
                                           DOMAIN,    HOST,     OPEN, PIPE_SIZE};

    for (size_t i = 0; i < COUNT(settings); i++)
        EXPECT_EQUAL(mode_of(settings[i]), S_IFREG | 0644);
    EXPECT_EQUAL(mode_of(DROP), S_IFREG | 0200);
    EXPECT_EQUAL(mode_of(KIND), S_IFREG | 0444);
    EXPECT_ERROR(open(DROP, O_RDONLY), EACCES);
    EXPECT_ERROR(open(DROP, O_RDWR), EACCES);
    EXPECT_ERROR(open(KIND, O_WRONLY), EACCES);
    EXPECT_ERROR(syscall(__NR_chmod, DROP, 0666), EPERM);
    EXPECT_ERROR(syscall(__NR_chown, DROP, NOBODY, NOBODY), EPERM);
    run_in_child(try_as_nobody);
    run_in_child(try_without_capabilities);
}

/* ---- numbers ---- */

/* Whether a form of the number is taken up to that many bytes, and counts. */
static void expect_taken(const char *format, unsigned long number, size_t behind)
{
    char text[64];
    size_t size = (size_t)snprintf(text, sizeof(text), format, number);

    EXPECT_EQUAL(put(MAP_COUNT, text), size - behind);
    EXPECT_EQUAL(number_of(MAP_COUNT), number);
}

static void expect_refused(const char *format, unsigned long number)
{
    char text[64];

    snprintf(text, sizeof(text), format, number);
    EXPECT_ERROR(put(MAP_COUNT, text), EINVAL);
    EXPECT_EQUAL(number_of(MAP_COUNT), number);
}

static void forms(void)
{
    unsigned long number = number_of(MAP_COUNT);
    char text[32];
    int file;

    expect_taken("%lu", number, 0);
    expect_taken(" \t%lu \n", number, 0);
    expect_taken("0x%lx", number, 0);
    expect_taken("0%lo\n", number, 0);
    expect_taken("%lu 5", number, 1);
    expect_taken("%lu\nabc", number, 3);
    expect_refused("+%lu", number);
    expect_refused("-%lu", number);
    expect_refused("%luabc", number);
    expect_refused("abc", number);
    expect_refused("0x", number);
    expect_refused("\n", number);
    expect_refused("0000000000000000000000%lu", number);
    snprintf(text, sizeof(text), "%lu", number);
    EXPECT_ERROR(put_bytes(MAP_COUNT, text, strlen(text) + 1), EINVAL);
    EXPECT_EQUAL(put(MAP_COUNT, ""), 0);

    file = open(MAP_COUNT, O_WRONLY);
    EXPECT_EQUAL(write(file, text, strlen(text)), strlen(text));
    EXPECT_EQUAL(write(file, "12", 2), 2); /* not at the start: passed over */
    EXPECT_EQUAL(lseek(file, 0, SEEK_CUR), strlen(text) + 2);
    close(file);
    EXPECT_EQUAL(number_of(MAP_COUNT), number);
}

static void bounds(void)
{
    EXPECT_ERROR(put(MAP_COUNT, "2147483648"), EINVAL);
    EXPECT_ERROR(put(PIDS, "300"), EINVAL);
    EXPECT_ERROR(put(PIDS, "4194305"), EINVAL);
    EXPECT_ERROR(put(OPEN, "63"), EINVAL);
    EXPECT_ERROR(put(OPEN, "2147483585"), EINVAL);
    EXPECT_ERROR(put(PIPE_SIZE, "2147483649"), EINVAL);
    EXPECT_ERROR(put(DROP, "0"), EINVAL);
    EXPECT_ERROR(put(MIN_ADDR, "-1"), EINVAL);
}

/* ---- that they count ---- */

/* Makes areas until there is no more: how many. */
static int make_areas(void)
{
    char *pages = map_pages(2 * AREAS, PROT_NONE);
    int areas = 0;

    for (int i = 0; i < AREAS; i++)
        areas += mprotect(pages + 2 * i * PAGE, PAGE, PROT_READ) == 0;
    return areas;
}

static void make_all_areas(void)
{
    EXPECT_EQUAL(make_areas(), AREAS);
}

static void make_some_areas(void)
{
    char *page;

    EXPECT(make_areas() < AREAS);
    errno = 0;
    page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while (page != MAP_FAILED)
        page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_EQUAL(errno, ENOMEM);
    EXPECT_ERROR(mmap((void *)16, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0), ENOMEM);
    EXPECT_ERROR(mmap(NULL, 0, PROT_READ, PRIVATE, -1, 0), EINVAL);
}

static void numbers_of_areas(void)
{
    unsigned long number;

    if (skipped_on_linux())
        return;
    number = number_of(MAP_COUNT);
    run_in_child(make_all_areas);
    EXPECT(put_number(MAP_COUNT, AREAS) > 0);
    run_in_child(make_some_areas);
    EXPECT(put_number(MAP_COUNT, number) > 0);
    run_in_child(make_all_areas);
}

/* Children until there are no more numbers; their highest number. All end. */
static pid_t use_numbers(int *count)
{
    static pid_t children[CHILDREN_MAX];
    pid_t highest = 0;

    for (*count = 0; *count < CHILDREN_MAX; ++*count) {
        pid_t child = fork();
        if (child == 0) {
            syscall(__NR_pause);
            _exit(0);
        }
        if (child < 0)
            break;
        children[*count] = child;
        highest = child > highest ? child : highest;
    }
    EXPECT(*count == CHILDREN_MAX || errno == EAGAIN);
    for (int i = 0; i < *count; i++) {
        syscall(__NR_kill, children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    return highest;
}

static void numbers_of_tasks(void)
{
    unsigned long number;
    int count;

    if (skipped_on_linux())
        return;
    number = number_of(PIDS);
    EXPECT(put(PIDS, "301") > 0);
    EXPECT(use_numbers(&count) <= 300);
    EXPECT(count < 300);
    EXPECT(put(PIDS, "400") > 0);
    EXPECT_EQUAL(use_numbers(&count), 399);
    EXPECT(count >= 99); /* from 300 on: those below are given out once */
    EXPECT(put_number(PIDS, number) > 0);
    EXPECT(use_numbers(&count) > 400);
    EXPECT_EQUAL(count, CHILDREN_MAX);
}

static void numbers_of_descriptors(void)
{
    unsigned long limit[2] = {0}; /* struct rlimit: the soft one, and the hard one */
    unsigned long number = number_of(OPEN);

    EXPECT_SUCCESS(syscall(__NR_prlimit64, 0, LIMIT_NOFILE, NULL, limit));
    limit[1] = number + 1;
    EXPECT_ERROR(syscall(__NR_prlimit64, 0, LIMIT_NOFILE, limit, NULL), EPERM);
    if (!is_latchkey())
        return;
    EXPECT(put(OPEN, "64") > 0);
    limit[0] = limit[1] = 65;
    EXPECT_ERROR(syscall(__NR_prlimit64, 0, LIMIT_NOFILE, limit, NULL), EPERM);
    EXPECT_EQUAL(dup2(0, 63), 63);
    EXPECT_ERROR(dup2(0, 64), EBADF);
    EXPECT_ERROR(fcntl(0, F_DUPFD, 64), EMFILE);
    EXPECT_ERROR(fcntl(0, F_DUPFD, 63), EMFILE);
    close(63);
    EXPECT(put_number(OPEN, number) > 0);
    EXPECT_EQUAL(dup2(0, 64), 64);
    close(64);
}

static void use_pipes(void)
{
    int ends[2];
    long most = (long)number_of(PIPE_SIZE);

    syscall(__NR_setuid, NOBODY);
    EXPECT_SUCCESS(pipe(ends));
    EXPECT(fcntl(ends[0], F_GETPIPE_SZ) <= most);
    EXPECT_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, most), most);
    EXPECT_ERROR(fcntl(ends[0], F_SETPIPE_SZ, most + 1), EPERM);
}

static void sizes_of_pipes(void)
{
    unsigned long number = number_of(PIPE_SIZE);
    int ends[2];

    run_in_child(use_pipes);
    if (!is_latchkey())
        return;
    EXPECT(put(PIPE_SIZE, "5000") > 0);
    EXPECT_EQUAL(number_of(PIPE_SIZE), 8192);
    run_in_child(use_pipes);
    EXPECT(put(PIPE_SIZE, "0") > 0);
    EXPECT_EQUAL(number_of(PIPE_SIZE), PAGE);
    run_in_child(use_pipes);
    EXPECT_SUCCESS(pipe(ends)); /* of who has CAP_SYS_RESOURCE */
    EXPECT_EQUAL(fcntl(ends[0], F_GETPIPE_SZ), 65536);
    EXPECT_EQUAL(fcntl(ends[0], F_SETPIPE_SZ, 131072), 131072);
    close(ends[0]);
    close(ends[1]);
    EXPECT(put_number(PIPE_SIZE, number) > 0);
}

static void map_second_page(void)
{
    syscall(__NR_setuid, NOBODY);
    EXPECT_EQUAL(mmap((void *)PAGE, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0), PAGE);
    EXPECT_ERROR(mmap(NULL, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0), EPERM);
}

static void lowest_addresses(void)
{
    unsigned long number = number_of(MIN_ADDR);

    if (skipped_on_linux())
        return;
    EXPECT(put(MIN_ADDR, "4096") > 0);
    run_in_child(map_second_page);
    EXPECT(put_number(MIN_ADDR, number) > 0);
}

/* Bits come and never go. */
static void taint(void)
{
    unsigned long bits = number_of(TAINTED);

    EXPECT(put(TAINTED, "0") > 0);
    EXPECT_EQUAL(number_of(TAINTED), bits);
    if (!is_latchkey())
        return;
    EXPECT(put(TAINTED, "64") > 0);
    EXPECT_EQUAL(number_of(TAINTED), bits | 64);
    EXPECT(put(TAINTED, "1073741825") > 0); /* a bit that there is, and one that there is not */
    EXPECT_EQUAL(number_of(TAINTED), bits | 65);
}

/* What the allocator keeps at hand goes back. */
static void dropping(void)
{
    static const char counters[] = "/sys/kernel/debug/latchkey/counters";
    int ends[2];
    long before;

    if (skipped_on_linux())
        return;
    EXPECT_EQUAL(put(DROP, "1"), 1);
    EXPECT_SUCCESS(pipe(ends));
    close(ends[0]);
    close(ends[1]);
    EXPECT(read_file(counters) > 0);
    before = number_behind("pages of objects");
    EXPECT_EQUAL(put(DROP, "3\n"), 2);
    EXPECT(read_file(counters) > 0);
    EXPECT(number_behind("pages of objects") < before);
}

/* ---- names ---- */

static void name_by_file(const char *path, const char *(*name)(void))
{
    char longer[2 * NAME_LENGTH + 1];
    int file;

    EXPECT_EQUAL(put(path, "lab.example\nmore"), 16);
    EXPECT(says(path, "lab.example") && strcmp(name(), "lab.example") == 0);
    EXPECT_EQUAL(put_bytes(path, "a\0b", 3), 3);
    EXPECT(says(path, "a") && strcmp(name(), "a") == 0);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    EXPECT_EQUAL(put(path, longer), 2 * NAME_LENGTH);
    EXPECT_EQUAL(strlen(name()), NAME_LENGTH);
    file = open(path, O_RDWR);
    EXPECT_EQUAL(write(file, "one", 3), 3);
    EXPECT_EQUAL(write(file, "two", 3), 3);
    EXPECT(says(path, "onetwo"));
    EXPECT_EQUAL(pwrite(file, "ther", 4, 1), 4);
    EXPECT(says(path, "other"));
    EXPECT_EQUAL(pwrite(file, "x", 1, 6), 1); /* behind the end: passed over */
    EXPECT(says(path, "other"));
    close(file);
}

static struct utsname names;

static const char *domain(void)
{
    uname(&names);
    return names.domainname;
}

static const char *host(void)
{
    uname(&names);
    return names.nodename;
}

static void change_names(void)
{
    if (!is_latchkey())
        EXPECT_SUCCESS(syscall(__NR_unshare, CLONE_NEWUTS));
    name_by_file(DOMAIN, domain);
    name_by_file(HOST, host);
    EXPECT_SUCCESS(syscall(__NR_setdomainname, "by.call", 7));
    EXPECT(says(DOMAIN, "by.call"));
    EXPECT_SUCCESS(syscall(__NR_sethostname, "call", 4));
    EXPECT(says(HOST, "call"));
}

static void system_names(void)
{
    char old_host[NAME_LENGTH + 1], old_domain[NAME_LENGTH + 1];

    strcpy(old_host, host());
    strcpy(old_domain, domain());
    EXPECT(says(HOST, old_host) && says(DOMAIN, old_domain));
    run_in_child(change_names);
    if (is_latchkey()) {
        EXPECT_SUCCESS(syscall(__NR_sethostname, old_host, strlen(old_host)));
        EXPECT_SUCCESS(syscall(__NR_setdomainname, old_domain, strlen(old_domain)));
    }
}

static const struct ktap_test tests[] = {
    {"their modes count as they are", permissions},
    {"a number is taken in several forms, and nothing else", forms},
    {"numbers have bounds", bounds},
    {"vm.max_map_count: no more areas", numbers_of_areas},
    {"vm.mmap_min_addr: no lower mappings", lowest_addresses},
    {"vm.drop_caches gives back what the kernel keeps", dropping},
    {"kernel.pid_max: no higher numbers", numbers_of_tasks},
    {"kernel.tainted keeps its bits", taint},
    {"kernel.hostname and kernel.domainname are those of uname", system_names},
    {"fs.nr_open: no higher limit, and no more descriptors", numbers_of_descriptors},
    {"fs.pipe-max-size: no larger pipes", sizes_of_pipes},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), syscall(__NR_geteuid) ? "it is not root" : NULL);
}
