// SPDX-License-Identifier: MIT
/*
 * What operations on memory and keys cost, in ticks of the time-stamp counter: the median of 200
 * measurements each. In an emulator that counts instructions (tools/bench) these are instructions.
 *
 * usage: pkbench [--json] [--events] [--power-off]
 *
 *   --json       a line of JSON for each row instead of a table
 *   --events     with it what a Latchkey counted during a row, for each time it was done
 *   --power-off  measures in a child, then switches the machine off: for a first program of Linux
 *
 * Uses standard calls only, so that two kernels can be compared. After each change of keys it looks
 * at some of the pages: is the new key enforced, and is the data there? A row that fails that ends
 * the program. Without protection keys their rows are left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "libc/include/pkru.h"

#define SAMPLES 200
#define LOOKS   3 /* pages looked at after each change */

#define PAGE       ((size_t)4096)
#define LARGE_PAGE ((size_t)2 << 20)
#define READ_WRITE (PROT_READ | PROT_WRITE)

static bool as_json, with_events;

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fflush(stdout);
    fprintf(stderr, "pkbench: %s: error %d\n", what, errno);
    _exit(EXIT_FAILURE);
}

/* ---- Events, where a kernel counts them ---- */

#define EVENT_FILE "/sys/kernel/debug/latchkey/events"

static const char *const event_names[] = {"INVLPG", "CR3 loads", "shootdown IPIs", "pages zeroed"};

#define EVENTS (sizeof(event_names) / sizeof(event_names[0]))

struct events {
    unsigned long count[EVENTS];
};

/* All 0 where there is no such file. */
static struct events read_events(void)
{
    struct events events = {{0}};
    char text[1024];
    int file = with_events ? open(EVENT_FILE, O_RDONLY) : -1;
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof(text) - 1);

    if (file >= 0)
        close(file);
    text[size > 0 ? size : 0] = '\0';
    for (size_t i = 0; i < EVENTS; i++) {
        const char *line = strstr(text, event_names[i]);
        if (line)
            events.count[i] = strtoul(line + strlen(event_names[i]), NULL, 10);
    }
    return events;
}

/* ---- Measuring ---- */

/* One operation. prepare and check, which may be NULL, are not part of what is measured. */
struct operation {
    const char *name;
    void (*prepare)(int turn);
    void (*run)(int turn);
    void (*check)(int turn);
};

static inline uint64_t ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t median(uint64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    return values[count / 2];
}

/* Events are those of all that was done, prepare and check too, for each measurement. */
static void print_row(const char *name, uint64_t value, const struct events *events)
{
    if (!as_json) {
        printf("%-44s %10lu\n", name, (unsigned long)value);
        return;
    }
    printf("{\"operation\": \"%s\", \"ticks\": %lu", name, (unsigned long)value);
    for (size_t i = 0; with_events && i < EVENTS; i++)
        printf(", \"%s\": %lu", event_names[i], events->count[i]);
    printf("}\n");
}

static void measure(const struct operation *operation)
{
    static uint64_t values[SAMPLES];
    struct events before = read_events();

    for (int turn = 0; turn < SAMPLES; turn++) {
        if (operation->prepare)
            operation->prepare(turn);
        uint64_t start = ticks();
        operation->run(turn);
        values[turn] = ticks() - start;
        if (operation->check)
            operation->check(turn);
    }
    struct events after = read_events();
    for (size_t i = 0; i < EVENTS; i++)
        after.count[i] = (after.count[i] - before.count[i] + SAMPLES / 2) / SAMPLES;
    print_row(operation->name, median(values, SAMPLES), &after);
}

/* ---- Faults: the handler opens all keys and notes which one it was ---- */

static uint32_t pkru_offset;
static volatile sig_atomic_t fault_key;
static volatile char *open_page; /* what the handler makes accessible where no key forbade it */

static void be_caught(int number, siginfo_t *info, void *context)
{
    (void)number;
    if (info->si_code == SEGV_PKUERR) {
        uint32_t open = 0;
        char *image = (char *)((ucontext_t *)context)->uc_mcontext.fpregs;
        fault_key = (sig_atomic_t)info->si_pkey;
        memcpy(image + pkru_offset, &open, sizeof(open));
    } else {
        fault_key = -1;
        require(open_page && mprotect((void *)open_page, PAGE, READ_WRITE) == 0, "mprotect");
    }
}

static void watch_for_faults(void)
{
    struct sigaction action = {.sa_sigaction = be_caught, .sa_flags = SA_SIGINFO};

    require(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

/* ---- Memory whose key or protection changes ---- */

static int keys[2]; /* what pkey_mprotect() gives by turns */

static struct {
    char *start;
    size_t size;
    size_t step; /* bytes from one page that is present to the next */
} range;

static uint32_t random_state = 1;

static size_t random_below(size_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % limit;
}

static unsigned char mark_of(size_t page)
{
    return (unsigned char)(page * 7 + 1);
}

/* Pages of that size, each present one with a mark. */
static void map_range(size_t pages, size_t page_size, size_t step)
{
    bool large = page_size == LARGE_PAGE;
    size_t size = pages * page_size;
    char *memory = mmap(NULL, size + LARGE_PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    require(memory != MAP_FAILED, "mmap");
    range.start = (char *)(((uintptr_t)memory + LARGE_PAGE - 1) & -LARGE_PAGE);
    range.size = size;
    range.step = step * page_size;
    if (range.start > memory)
        munmap(memory, (size_t)(range.start - memory));
    munmap(range.start + size, (size_t)(memory + LARGE_PAGE - range.start));
    madvise(range.start, size, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += range.step)
        *(unsigned char *)(range.start + at) = mark_of(at / page_size);
}

static volatile unsigned char *random_page(unsigned char *mark)
{
    size_t page_size = range.size % LARGE_PAGE || range.step % LARGE_PAGE ? PAGE : LARGE_PAGE;
    size_t at = random_below((range.size + range.step - 1) / range.step) * range.step;

    *mark = mark_of(at / page_size);
    return (unsigned char *)range.start + at;
}

static void rekey(int turn)
{
    require(pkey_mprotect(range.start, range.size, READ_WRITE, keys[turn % 2]) == 0, "rekeying");
}

static void look_at_keys(int turn)
{
    int key = keys[turn % 2];
    unsigned char mark;

    for (int i = 0; i < LOOKS; i++) {
        volatile unsigned char *page = random_page(&mark);
        pkey_set(key, PKEY_DISABLE_ACCESS);
        fault_key = 0;
        unsigned char found = *page;
        require(fault_key == key, "the new key is not enforced");
        require(found == mark, "the data is not there");
    }
}

static void change_protection(int turn)
{
    int protection = turn % 2 ? READ_WRITE : PROT_READ;

    require(mprotect(range.start, range.size, protection) == 0, "mprotect");
}

static void look_at_data(int turn)
{
    unsigned char mark;

    (void)turn;
    for (int i = 0; i < LOOKS; i++)
        require(*random_page(&mark) == mark, "the data is not there");
}

static void measure_range(size_t pages, size_t page_size, size_t step)
{
    const char *text = step > 1 ? ", 1 in 7 present" : "";
    const char *unit = page_size == LARGE_PAGE ? " of 2 MiB" : text;
    char name[80];
    struct operation operation = {.name = name};

    map_range(pages, page_size, step);
    snprintf(name, sizeof(name), "mprotect, %zu page%s%s", pages, pages > 1 ? "s" : "", unit);
    operation.run = change_protection;
    operation.check = look_at_data;
    measure(&operation);
    if (pkru_enabled()) {
        snprintf(name, sizeof(name), "pkey_mprotect, %zu page%s%s", pages, pages > 1 ? "s" : "",
                 unit);
        operation.run = rekey;
        operation.check = look_at_keys;
        measure(&operation);
    }
    munmap(range.start, range.size);
}

static void measure_ranges(void)
{
    static const size_t counts[] = {1, 4, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        measure_range(counts[i], PAGE, 1);
    measure_range(1024, PAGE, 7);
    for (size_t pages = 1; pages <= 32; pages *= 2)
        measure_range(pages, LARGE_PAGE, 1);
}

/* ---- The other operations ---- */

static void do_nothing(int turn)
{
    (void)turn;
}

static void set_by_instruction(int turn)
{
    pkey_set(keys[0], turn % 2 ? PKEY_DISABLE_WRITE : 0);
}

static void get_by_instruction(int turn)
{
    (void)turn;
    pkey_get(keys[0]);
}

static void ask_for_parent(int turn)
{
    (void)turn;
    syscall(__NR_getppid);
}

static void alloc_and_free(int turn)
{
    (void)turn;
    pkey_free(pkey_alloc(0, 0));
}

static void map_open_page(int key)
{
    open_page = mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(open_page != MAP_FAILED, "mmap");
    open_page[0] = 1;
    if (key)
        require(pkey_mprotect((void *)open_page, PAGE, READ_WRITE, key) == 0, "pkey_mprotect");
}

static void close_by_key(int turn)
{
    (void)turn;
    pkey_set(keys[0], PKEY_DISABLE_ACCESS);
}

static void close_by_protection(int turn)
{
    (void)turn;
    mprotect((void *)open_page, PAGE, PROT_NONE);
}

static void touch_open_page(int turn)
{
    (void)turn;
    (void)open_page[0];
}

static void map_touch_unmap(int turn)
{
    char *page = mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)turn;
    *(volatile char *)page = 1;
    munmap(page, PAGE);
}

static void yield(int turn)
{
    (void)turn;
    sched_yield();
}

static void fork_exit_wait(int turn)
{
    int status = -1;
    pid_t child = fork();

    (void)turn;
    if (child == 0)
        _exit(0);
    require(waitpid(child, &status, 0) == child && status == 0, "a child");
}

static int to_echo[2], from_echo[2];

static pid_t start_echo(void)
{
    pid_t child;
    char byte;

    require(pipe(to_echo) == 0 && pipe(from_echo) == 0, "pipe");
    child = fork();
    if (child == 0) {
        close(to_echo[1]);
        while (read(to_echo[0], &byte, 1) == 1)
            require(write(from_echo[1], &byte, 1) == 1, "write");
        _exit(0);
    }
    close(to_echo[0]);
    return child;
}

static void play_ping_pong(int turn)
{
    char byte = (char)turn;

    require(write(to_echo[1], &byte, 1) == 1, "write");
    require(read(from_echo[0], &byte, 1) == 1, "read");
}

static void measure_keys(void)
{
    static const struct operation operations[] = {
        {.name = "pkey_set, by instruction", .run = set_by_instruction},
        {.name = "pkey_get, by instruction", .run = get_by_instruction},
        {.name = "pkey_alloc and pkey_free", .run = alloc_and_free},
    };

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        measure(&operations[i]);
}

static void measure_faults(void)
{
    struct operation operation = {"mprotect fault, handler, return", close_by_protection,
                                  touch_open_page, NULL};

    map_open_page(0);
    measure(&operation);
    if (!pkru_enabled())
        return;
    map_open_page(keys[0]);
    operation.name = "pkey fault, handler, return";
    operation.prepare = close_by_key;
    measure(&operation);
}

static void measure_processes(void)
{
    static const struct operation operations[] = {
        {.name = "mmap, touch, munmap one page", .run = map_touch_unmap},
        {.name = "sched_yield, alone", .run = yield},
        {.name = "fork, exit, wait", .run = fork_exit_wait},
    };
    struct operation ping_pong = {.name = "pipe ping-pong between processes",
                                  .run = play_ping_pong};
    pid_t echo;

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        measure(&operations[i]);
    echo = start_echo();
    measure(&ping_pong);
    close(to_echo[1]);
    waitpid(echo, NULL, 0);
}

static void take_options(char **arguments, bool *power_off)
{
    while (*++arguments) {
        as_json |= strcmp(*arguments, "--json") == 0;
        with_events |= strcmp(*arguments, "--events") == 0;
        *power_off |= strcmp(*arguments, "--power-off") == 0;
    }
}

static void measure_all(void)
{
    static const struct operation nothing = {.name = "nothing", .run = do_nothing};
    static const struct operation null_call = {.name = "getppid", .run = ask_for_parent};

    watch_for_faults();
    measure(&nothing);
    measure(&null_call);
    if (pkru_enabled()) {
        pkru_offset = pkru_xsave_offset();
        for (int i = 0; i < 2; i++)
            keys[i] = pkey_alloc(0, 0);
        require(keys[0] > 0 && keys[1] > 0, "pkey_alloc");
        measure_keys();
    }
    measure_faults();
    measure_processes();
    measure_ranges();
    fflush(stdout);
}

/* Linux reports each fault of its first program on the console, so that does not measure. */
static void measure_and_power_off(void)
{
    pid_t child = fork();

    if (child == 0) {
        measure_all();
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    syscall(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
            NULL);
}

int main(int argc, char **argv)
{
    bool power_off = false;

    (void)argc;
    take_options(argv, &power_off);
    if (power_off)
        measure_and_power_off();
    else
        measure_all();
    return EXIT_SUCCESS;
}
