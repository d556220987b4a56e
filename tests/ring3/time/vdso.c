// SPDX-License-Identifier: MIT
/*
 * The vDSO: where it is, that its functions agree with the system calls in whose place they stand
 * and make none themselves, and that time does not go backwards between CPUs.
 */
#include "tests/ring3/proc.h"
#include "tests/ring3/threads.h"

#include <sys/auxv.h>
#include <time.h>

#include "libc/include/latchkey/vdso.h"

#define CALLS       1000
#define HOPS        400
#define CPUS        4 /* that threads hop over, if there are so many */
#define NS_PER_S    1000000000ul
#define EVENTS_FILE "/sys/kernel/debug/latchkey/events"

static int (*vdso_clock_gettime)(int clock, struct timespec *time);
static int (*vdso_clock_getres)(int clock, struct timespec *resolution);
static int (*vdso_gettimeofday)(long time[2], int zone[2]);
static long (*vdso_time)(long *seconds);
static int (*vdso_getcpu)(unsigned int *cpu, unsigned int *node, void *unused);
static int (*vdso_pkey_get)(int key);
static int (*vdso_pkey_set)(int key, unsigned int rights);

static const struct {
    const char *version, *name, *alias; /* NULL: it has none */
    void **function;
} symbols[] = {
    {VDSO_LINUX, "__vdso_clock_gettime", "clock_gettime", (void **)&vdso_clock_gettime},
    {VDSO_LINUX, "__vdso_clock_getres", "clock_getres", (void **)&vdso_clock_getres},
    {VDSO_LINUX, "__vdso_gettimeofday", "gettimeofday", (void **)&vdso_gettimeofday},
    {VDSO_LINUX, "__vdso_time", "time", (void **)&vdso_time},
    {VDSO_LINUX, "__vdso_getcpu", "getcpu", (void **)&vdso_getcpu},
    {VDSO_LATCHKEY, "__vdso_pkey_get", NULL, (void **)&vdso_pkey_get},
    {VDSO_LATCHKEY, "__vdso_pkey_set", NULL, (void **)&vdso_pkey_set},
};

static uint64_t in_ns(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

static uint64_t ns_by_call(int clock)
{
    struct timespec now = {0};

    raw_call(__NR_clock_gettime, (uintptr_t)clock, (uintptr_t)&now, 0, 0);
    return in_ns(&now);
}

static uint64_t ns_by_vdso(int clock)
{
    struct timespec now = {0};

    vdso_clock_gettime(clock, &now);
    return in_ns(&now);
}

/* ---- the image ---- */

static void image(void)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Phdr *segments = (const Elf64_Phdr *)((const char *)header + header->e_phoff);

    EXPECT_EQUAL(memcmp(header->e_ident, ELFMAG, SELFMAG), 0);
    EXPECT_EQUAL(header->e_type, ET_DYN);
    EXPECT_EQUAL(header->e_machine, EM_X86_64);
    EXPECT_EQUAL(segments[0].p_type, PT_LOAD);
    EXPECT_EQUAL(segments[0].p_vaddr, 0);
    EXPECT_EQUAL(segments[0].p_flags, PF_R | PF_X);
}

static void symbols_and_versions(void)
{
    for (size_t i = 0; i < COUNT(symbols); i++) {
        bool is_ours = strcmp(symbols[i].version, VDSO_LATCHKEY) == 0;

        if (is_ours && !is_latchkey())
            continue;
        EXPECT(*symbols[i].function != NULL);
        EXPECT(vdso_function(is_ours ? VDSO_LINUX : VDSO_LATCHKEY, symbols[i].name) == NULL);
        if (symbols[i].alias)
            EXPECT(vdso_function(VDSO_LINUX, symbols[i].alias) == *symbols[i].function);
    }
    EXPECT(vdso_function("LINUX_2.5", "__vdso_time") == NULL);
}

/* The line of maps that ends with the name, as "start-end permissions"; false: there is none. */
static bool find_area(const char *name, uintptr_t *start, uintptr_t *end, char permissions[5])
{
    EXPECT(read_file("/proc/self/maps") > 0);
    const char *found = strstr(proc_text, name);
    if (!found)
        return false;
    while (found > proc_text && found[-1] != '\n')
        found--;
    char *at;
    *start = strtoul(found, &at, 16);
    *end = strtoul(at + 1, &at, 16);
    memcpy(permissions, at + 1, 4);
    permissions[4] = '\0';
    return true;
}

static void areas(void)
{
    uintptr_t start = 0, end = 0, variables = 0, variables_end = 0;
    char permissions[5] = "";

    EXPECT(find_area("[vdso]", &start, &end, permissions));
    EXPECT_EQUAL(start, getauxval(AT_SYSINFO_EHDR));
    EXPECT(strcmp(permissions, "r-xp") == 0);
    EXPECT(find_area("[vvar", &variables, &variables_end, permissions));
    EXPECT(strcmp(permissions, "r--p") == 0);
    EXPECT(variables_end <= start);
    EXPECT_SEGV(write_fault((void *)variables), SEGV_ACCERR);
    EXPECT_ERROR(mprotect((void *)variables, PAGE, READ_WRITE), EACCES);
    EXPECT_SEGV(write_fault((void *)start), SEGV_ACCERR);
}

/* ---- the functions ---- */

static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,       CLOCK_MONOTONIC_RAW,
                             CLOCK_BOOTTIME, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE};

static void same_times(void)
{
    for (size_t i = 0; i < COUNT(clocks); i++) {
        uint64_t before = ns_by_call(clocks[i]);
        uint64_t now = ns_by_vdso(clocks[i]);
        uint64_t after = ns_by_call(clocks[i]);
        EXPECT(before <= now && now <= after);
    }
}

static void same_seconds(void)
{
    long time[2] = {0}, seconds = 0;
    int zone[2] = {42, 42};
    uint64_t before = ns_by_call(CLOCK_REALTIME);

    EXPECT_EQUAL(vdso_gettimeofday(time, zone), 0);
    uint64_t after = ns_by_call(CLOCK_REALTIME);
    uint64_t now = (uint64_t)time[0] * NS_PER_S + (uint64_t)time[1] * 1000;
    EXPECT(before - before % 1000 <= now && now <= after);
    EXPECT(zone[0] != 42 && zone[1] == 0);
    EXPECT_EQUAL(vdso_gettimeofday(NULL, NULL), 0);
    long returned = vdso_time(&seconds);
    EXPECT_EQUAL(returned, seconds);
    EXPECT(seconds - time[0] >= 0 && seconds - time[0] <= 1);
    EXPECT(vdso_time(NULL) >= seconds);
}

static void same_resolutions(void)
{
    for (size_t i = 0; i < COUNT(clocks); i++) {
        struct timespec ours = {0}, theirs = {0};
        EXPECT_EQUAL(vdso_clock_getres(clocks[i], &ours), 0);
        raw_call(__NR_clock_getres, (uintptr_t)clocks[i], (uintptr_t)&theirs, 0, 0);
        EXPECT_EQUAL(in_ns(&ours), in_ns(&theirs));
    }
    EXPECT_EQUAL(vdso_clock_getres(CLOCK_MONOTONIC, NULL), 0);
}

static void other_clocks(void)
{
    struct timespec time;

    EXPECT_EQUAL(vdso_clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
    EXPECT_EQUAL(vdso_clock_gettime(77, &time), -EINVAL);
    EXPECT_EQUAL(vdso_clock_gettime(-1, &time), -EINVAL);
    EXPECT_EQUAL(vdso_clock_getres(77, &time), -EINVAL);
}

static bool bind_to(unsigned int cpu)
{
    unsigned long set[16] = {0};

    set[cpu / 64] = 1ul << cpu % 64;
    return raw_call(__NR_sched_setaffinity, 0, sizeof(set), (uintptr_t)set, 0) == 0;
}

static void set_time(void)
{
    struct timespec time = {2000000000, 0};

    EXPECT_EQUAL(raw_call(__NR_clock_settime, CLOCK_REALTIME, (uintptr_t)&time, 0, 0), 0);
    EXPECT_EQUAL(ns_by_vdso(CLOCK_REALTIME) / NS_PER_S - 2000000000 <= 5, true);
    EXPECT(ns_by_call(CLOCK_REALTIME) - ns_by_vdso(CLOCK_REALTIME) + NS_PER_S <= 2 * NS_PER_S);
}

/* Linux's own time is not a test's to change. */
static void time_that_is_set(void)
{
    if (!is_latchkey()) {
        ktap_skip("not on Linux");
        return;
    }
    uint64_t real = ns_by_vdso(CLOCK_REALTIME), monotonic = ns_by_vdso(CLOCK_MONOTONIC);
    set_time();
    real += ns_by_vdso(CLOCK_MONOTONIC) - monotonic;
    struct timespec back = {(long)(real / NS_PER_S), (long)(real % NS_PER_S)};
    EXPECT_EQUAL(raw_call(__NR_clock_settime, CLOCK_REALTIME, (uintptr_t)&back, 0, 0), 0);
}

static void each_cpu_has_its_number(void)
{
    unsigned long all[16] = {0};
    unsigned int seen = 0;

    raw_call(__NR_sched_getaffinity, 0, sizeof(all), (uintptr_t)all, 0);
    for (unsigned int cpu = 0; cpu < 64; cpu++) {
        unsigned int number = 99, node = 99;

        if (!bind_to(cpu))
            continue;
        EXPECT_EQUAL(vdso_getcpu(&number, &node, NULL), 0);
        EXPECT_EQUAL(number, cpu);
        if (is_latchkey())
            EXPECT_EQUAL(node, 0);
        EXPECT_EQUAL(vdso_getcpu(NULL, NULL, NULL), 0);
        seen++;
    }
    raw_call(__NR_sched_setaffinity, 0, sizeof(all), (uintptr_t)all, 0);
    ktap_note("%u CPUs", seen);
}

/* ---- without system calls ---- */

/* How many system calls the kernel has counted, of all programs. */
static unsigned long system_calls(void)
{
    const char *line;

    EXPECT(read_file(EVENTS_FILE) > 0);
    line = strstr(proc_text, "system calls");
    return line ? strtoul(line + strlen("system calls"), NULL, 10) : 0;
}

static void call_everything(void)
{
    unsigned int cpu;

    for (unsigned int i = 0; i < CALLS; i++) {
        struct timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time); /* the C library's, which finds the vDSO itself */
        clock_gettime(CLOCK_REALTIME, &time);
        vdso_clock_getres(CLOCK_REALTIME, &time);
        vdso_gettimeofday(NULL, NULL);
        vdso_time(NULL);
        vdso_getcpu(&cpu, NULL, NULL);
    }
}

/* Reading the file costs a few, and other programs make some. */
static void no_system_calls(void)
{
    if (!is_latchkey()) {
        ktap_skip("Linux has no such counter");
        return;
    }
    system_calls();
    unsigned long start = system_calls();
    unsigned long reading = system_calls() - start;
    call_everything();
    unsigned long calls = system_calls() - start - 2 * reading;
    ktap_note("%lu system calls in %u uses of the vDSO", calls, 6 * CALLS);
    EXPECT(calls < 20);
}

/* ---- between CPUs ---- */

/* The latest time that any thread has seen. Each reads it, then the clock, then makes it later. */
static volatile uint64_t latest;

static void hop_and_look(void *argument)
{
    struct thread *thread = argument;

    for (unsigned int i = 0; i < HOPS; i++) {
        if (i % 4 == 0)
            bind_to((thread->number + i / 4) % CPUS);
        for (unsigned int j = 0; j < 50; j++) {
            uint64_t seen = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);
            uint64_t now = j % 8 ? ns_by_vdso(CLOCK_MONOTONIC) : ns_by_call(CLOCK_MONOTONIC);
            thread->errors += now < seen;
            while (seen < now && !__atomic_compare_exchange_n(&latest, &seen, now, false,
                                                              __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                ;
        }
        thread->turns++;
    }
}

static void never_backwards(void)
{
    latest = 0;
    start_threads(hop_and_look);
    EXPECT_EQUAL(end_threads(), 0);
    for (unsigned int i = 0; i < THREADS; i++)
        EXPECT_EQUAL(threads[i].turns, HOPS);
}

/* ---- in other places ---- */

static void unmap(void)
{
    uintptr_t start, end;
    char permissions[5];

    EXPECT(find_area("[vdso]", &start, &end, permissions));
    EXPECT_SUCCESS(munmap((void *)start, end - start));
    EXPECT(!find_area("[vdso]", &start, &end, permissions));
    handle(SIGUSR1, probe_handler, 0);
    probe.resume = NULL;
    EXPECT(ns_by_call(CLOCK_MONOTONIC) > 0);
    EXPECT_SEGV(write_fault((void *)start), SEGV_MAPERR);
}

static void unmapping_harms_nobody(void)
{
    run_in_child(unmap);
    EXPECT(ns_by_vdso(CLOCK_MONOTONIC) > 0);
}

/* With its variables, as it finds them by their distance. */
static void move(void)
{
    uintptr_t start, end, variables, variables_end;
    char permissions[5];
    struct timespec time;

    EXPECT(find_area("[vdso]", &start, &end, permissions));
    EXPECT(find_area("[vvar", &variables, &variables_end, permissions));
    char *room = map_pages((end - variables) / PAGE, PROT_NONE);
    char *target = room + (start - variables);
    EXPECT(mremap((void *)variables, variables_end - variables, variables_end - variables,
                  MREMAP_MAYMOVE | MREMAP_FIXED, room) == room);
    EXPECT(mremap((void *)start, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, target) ==
           target);
    int (*moved)(int, struct timespec *) = (int (*)(int, struct timespec *))(
        (uintptr_t)vdso_clock_gettime - start + (uintptr_t)target);
    EXPECT_EQUAL(moved(CLOCK_MONOTONIC, &time), 0);
    uint64_t now = in_ns(&time);
    EXPECT(now <= ns_by_call(CLOCK_MONOTONIC));
}

static void moved(void)
{
    if (!is_latchkey()) {
        ktap_skip("Linux has more areas between the two");
        return;
    }
    run_in_child(move);
}

/* A breakpoint in one process is none in another. */
static void write_to_image(void)
{
    char *code = (char *)getauxval(AT_SYSINFO_EHDR);

    if (mprotect(code, PAGE, READ_WRITE | PROT_EXEC) && !is_latchkey()) {
        ktap_note("a Linux that seals it");
        return;
    }
    code[0] = 42;
    EXPECT_EQUAL(code[0], 42);
}

static void a_written_image_is_private(void)
{
    run_in_child(write_to_image);
    EXPECT_EQUAL(*(const unsigned char *)getauxval(AT_SYSINFO_EHDR), ELFMAG0);
}

/* ---- under keys ---- */

static void set_key_on_image(int key)
{
    char *code = (char *)getauxval(AT_SYSINFO_EHDR);

    EXPECT_EQUAL(
        raw_call(__NR_pkey_mprotect, (uintptr_t)code, PAGE, PROT_READ | PROT_EXEC, (uintptr_t)key),
        0);
    EXPECT_KEY_FAULT(read_fault(code), key);
    EXPECT(ns_by_vdso(CLOCK_MONOTONIC) > 0); /* keys do not concern fetches */
}

static void set_key_on_variables(int key)
{
    uintptr_t start = 0, end = 0;
    char permissions[5];

    EXPECT(find_area("[vvar", &start, &end, permissions));
    EXPECT_EQUAL(raw_call(__NR_pkey_mprotect, start, end - start, PROT_READ, (uintptr_t)key), 0);
    EXPECT_KEY_FAULT(read_fault((void *)start), key);
    EXPECT_KEY_FAULT(call_fault((void *)vdso_time), key);
    EXPECT(ns_by_call(CLOCK_MONOTONIC) > 0);
}

static void use_in_new_program(void)
{
    char *const words[] = {"vdso", "use", NULL};

    execve("/proc/self/exe", words, environ);
}

static void set_keys(void)
{
    int key = (int)raw_call(__NR_pkey_alloc, 0, PKRU_AD(0), 0, 0); /* PKEY_DISABLE_ACCESS */

    set_key_on_image(key);
    set_key_on_variables(key);
    EXPECT_EXITED(use_in_new_program, 0);
}

static void keys_on_it(void)
{
    if (!is_latchkey()) {
        ktap_skip("some Linuxes seal it");
        return;
    }
    if (skipped_without_pku())
        return;
    run_in_child(set_keys);
    EXPECT(ns_by_vdso(CLOCK_MONOTONIC) > 0);
}

/* ---- rights ---- */

static void rights(void)
{
    int key;

    if (!is_latchkey() || skipped_without_pku())
        return;
    key = (int)raw_call(__NR_pkey_alloc, 0, 0, 0, 0); /* musl has no function for it */
    for (unsigned int value = 0; value < 4; value++) {
        uint32_t others = pkru_read() & ~PKRU_ALL(key);
        EXPECT_EQUAL(vdso_pkey_set(key, value), 0);
        EXPECT_EQUAL(pkru_read(), others | value << (2 * key));
        EXPECT_EQUAL(vdso_pkey_get(key), value);
    }
    raw_call(__NR_pkey_free, (uintptr_t)key, 0, 0, 0);
    EXPECT_EQUAL(vdso_pkey_get(0), 0);
    EXPECT_EQUAL(vdso_pkey_get(16), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_get(-1), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(16, 0), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(-1, 0), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(1, 4), -EINVAL);
}

static void rights_without_keys(void)
{
    if (!is_latchkey() || pkru_enabled()) {
        ktap_skip("there are keys, or there is no such function");
        return;
    }
    EXPECT_EQUAL(vdso_pkey_get(0), -EINVAL);
    EXPECT_EQUAL(vdso_pkey_set(0, 0), -EINVAL);
}

static const struct ktap_test tests[] = {
    {"AT_SYSINFO_EHDR leads to a shared object", image},
    {"functions by version and name", symbols_and_versions},
    {"[vvar] and [vdso] in /proc/self/maps; neither can be written", areas},
    {"clock_gettime: between two system calls", same_times},
    {"gettimeofday and time", same_seconds},
    {"clock_getres", same_resolutions},
    {"other clocks are the system call's", other_clocks},
    {"a time that is set shows", time_that_is_set},
    {"getcpu on each CPU", each_cpu_has_its_number},
    {"no function makes a system call", no_system_calls},
    {"time never goes backwards between CPUs", never_backwards},
    {"unmapping it harms nobody", unmapping_harms_nobody},
    {"it works where it is moved to", moved},
    {"who writes to it has a copy", a_written_image_is_private},
    {"keys on it: on the image for who reads, on the variables for who calls", keys_on_it},
    {"rights to a key", rights},
    {"rights without protection keys: EINVAL", rights_without_keys},
};

/* With an argument: as the new program of a test. */
int main(int argc, char **argv)
{
    const char *skip_reason = getauxval(AT_SYSINFO_EHDR) ? NULL : "this Linux has no vDSO";

    (void)argv;
    probe_init();
    for (size_t i = 0; i < COUNT(symbols); i++)
        *symbols[i].function = vdso_function(symbols[i].version, symbols[i].name);
    if (argc > 1)
        return ns_by_vdso(CLOCK_MONOTONIC) == 0;
    return ktap_run(tests, COUNT(tests), skip_reason);
}
