// SPDX-License-Identifier: MIT
/*
 * Why protection keys: a compiler that writes code while the program runs. Without keys (--no-keys)
 * it makes the page writable, writes, and makes it executable: in between it is writable for every
 * thread, and one with an old pointer writes into it. What is run then is not what was compiled.
 * With a key the page stays executable, and the compiler's thread alone has the right to write.
 *
 * Uses nothing of Latchkey but its headers and does the same on Linux.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "user/fence.h"

#define ANSWER 42

/* mov eax, 42; ret */
static const unsigned char compiled[] = {0xb8, ANSWER, 0, 0, 0, 0xc3};

static unsigned char *code;
static int key;
static pthread_barrier_t is_open, is_written;

/* ---- the compiler ---- */

static void protect(int protection)
{
    story_require(pkey_mprotect(code, FENCE_PAGE, protection, key) == 0, "pkey_mprotect");
}

static void open_code(void)
{
    if (key >= 0)
        pkey_set(key, 0); // for this thread
    else
        protect(PROT_READ | PROT_WRITE); // for all threads
}

static void close_code(void)
{
    if (key >= 0)
        pkey_set(key, PKEY_DISABLE_WRITE);
    else
        protect(PROT_READ | PROT_EXEC);
}

/* Is open a moment too long: the other thread has its turn before it is closed. */
static void compile(void)
{
    open_code();
    memcpy(code, compiled, sizeof(compiled));
    pthread_barrier_wait(&is_open);
    pthread_barrier_wait(&is_written);
    close_code();
}

static int run(void)
{
    return ((int (*)(void))(uintptr_t)code)();
}

/* ---- the other thread ---- */

/* The mistake: it has given back that memory, and still has a pointer. */
__attribute__((noinline)) static void write_result(unsigned char *old_pointer)
{
    old_pointer[1] = 13;
}

static void *be_other(void *argument)
{
    (void)argument;
    pthread_barrier_wait(&is_open);
    write_result(code);
    pthread_barrier_wait(&is_written);
    return NULL;
}

/* ---- the story ---- */

static void show_compiling(void)
{
    fence_before();
    compile();
    fence_behind(key);
    int answer = run();
    story_line("The code runs, and returns %d.", answer);
    ask_came(answer == ANSWER ? "returns 42" : "other number");
    story_expect(answer != ANSWER, "expected another answer than %d", ANSWER);
    story_line("Another thread has written into it between the compiler's write and the run.");
}

int main(int argc, char **argv)
{
    pthread_t other;

    key = fence_begin(argc, argv, "pkey-jit: a page of code that is writable a moment too long",
                      PKEY_DISABLE_WRITE);
    code = (unsigned char *)fence_pages();
    pthread_barrier_init(&is_open, NULL, 2);
    pthread_barrier_init(&is_written, NULL, 2);
    if (key >= 0) {
        protect(PROT_READ | PROT_WRITE | PROT_EXEC);
        story_step("A page for code, executable, under key %d: nobody may write", key);
        story_line("Fetching instructions does not ask the key, so it can run all the time.");
    } else {
        protect(PROT_READ | PROT_EXEC);
        story_step("A page for code: executable, and writable while the compiler writes");
    }
    story_require(pthread_create(&other, NULL, be_other, NULL) == 0, "pthread_create");

    ask_what("returns 42|other number|fault",
             "\"return 42\" is compiled and run. What comes of it?");
    story_step("The compiler writes \"return %d\"; another thread has an old pointer", ANSWER);
    if (key >= 0)
        story_line("The compiler opens the key for its own thread, by one instruction.");
    show_compiling();
    pthread_join(other, NULL);
    return EXIT_SUCCESS;
}
