// SPDX-License-Identifier: MIT
#include "tests/soak/actors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/call.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/shared.h"
#include "tests/fuzz/supervisor.h"

#define FUZZ_CALLS     3000
#define FUZZ_PROCESSES 2
#define NOBODY         65534

/* ---- the fuzzer ---- */

/*
 * Not as root, whose calls may change what others rely on: the time of day, for one. It works in
 * a folder for itself.
 */
static int fuzz(uint64_t seed)
{
    char folder[64];
    struct run_plan plan = {seed, FUZZ_CALLS, FUZZ_PROCESSES, folder};

    snprintf(folder, sizeof(folder), SOAK_FOLDER "/fuzz-%ld", own_pid());
    mkdir(folder, 0777);
    chmod(folder, 0777);
    KERNEL(setresgid, NOBODY, NOBODY, NOBODY);
    KERNEL(setresuid, NOBODY, NOBODY, NOBODY);
    shared_create();
    return supervise(&plan) ? 0 : 1;
}

/* ---- the table ---- */

#define PROGRAM(...)                   \
    .arguments = (const char *const[]) \
    {                                  \
        __VA_ARGS__, NULL              \
    }
#define TEST(test, ...)                                                    \
    {                                                                      \
        .name = #test, PROGRAM("/tests/" #test __VA_OPT__(, ) __VA_ARGS__) \
    }
#define SHELL(words, line)                            \
    {                                                 \
        .name = words, PROGRAM("/bin/sh", "-c", line) \
    }

/*
 * Not here: event_files and others that say what comes within milliseconds, and elf, which goes on
 * with the file of the one that was killed before it.
 */
static const struct actor actors[] = {
    TEST(altstack),
    TEST(exceptions),
    TEST(exec),
    TEST(execute_only),
    TEST(faults),
    TEST(files),
    TEST(futex),
    TEST(handlers),
    TEST(identity),
    TEST(key_areas),
    TEST(keys),
    TEST(keys_threads, "2000"),
    TEST(killed),
    TEST(libc),
    TEST(mdwe),
    TEST(memory),
    TEST(names),
    TEST(pipes),
    TEST(pkey_get_set),
    TEST(pkey_mprotect),
    TEST(pkey_policy),
    TEST(pkey_query),
    TEST(pkey_release),
    TEST(pkey_set_all, "4", "20"),
    TEST(pkey_set_thread),
    TEST(pkru),
    TEST(posix_timers),
    TEST(proc_maps),
    TEST(proc_mem),
    TEST(proc_process),
    TEST(pthreads),
    TEST(rights_threads, "300", "1600"),
    TEST(settings),
    TEST(shared_space),
    TEST(signals),
    TEST(sigreturn),
    TEST(sockets),
    TEST(syscalls),
    TEST(usercopy),
    TEST(wild_pointers),
    TEST(xstate),
    SHELL("shell: all of /proc",
          "cat /proc/[0-9]*/*s /proc/[0-9]*/task/*/stat /proc/[a-z]* >/dev/null 2>&1; true"),
    SHELL("shell: pipes", "find /tests /bin | sort -r | head -c 3000 | md5sum"),
    SHELL("shell: jobs",
          "for i in 1 2 3 4 5 6 7 8; do (sleep 0.0$i; cat /init | wc -l) & done; wait"),
    {.name = "fuzzer", .run = fuzz},
    {.name = "fuzzer, another", .run = fuzz},
};

const struct actor *actors_pick(void)
{
    return &PICK(actors);
}

unsigned int actors_count(void)
{
    return COUNT(actors);
}

void actor_live(const struct actor *actor, uint64_t seed)
{
    if (actor->run)
        exit(actor->run(seed));
    execve(actor->arguments[0], (char *const *)actor->arguments, environ);
    printf("%s: %s\n", actor->arguments[0], strerror(errno));
    exit(127);
}
