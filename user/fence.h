// SPDX-License-Identifier: MIT
/*
 * For the programs of docs/why.md: a protection key as the fence round what a mistake is not to
 * reach, or no fence, to see what the mistake does then. The key is -1 in that case, with which
 * pkey_mprotect() is mprotect().
 */
#ifndef USER_FENCE_H
#define USER_FENCE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/story.h"

#define FENCE_PAGE 4096

/* Two pages: the first for anybody, the second for what stands behind the fence. */
static inline char *fence_pages(void)
{
    void *pages = mmap(NULL, 2 * (size_t)FENCE_PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    story_require(pages != MAP_FAILED, "mmap");
    return pages;
}

static inline bool fence_wanted(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "--no-keys") != 0)) {
        fprintf(stderr, "usage: %s [--no-keys]\n", argv[0]);
        exit(2);
    }
    return argc == 1;
}

/* A key that leaves this thread those rights; -1 with --no-keys, or if the CPU has none. */
static inline int fence_begin(int argc, char **argv, const char *title, unsigned int rights)
{
    bool is_wanted = fence_wanted(argc, argv);

    story_title(title);
    if (!is_wanted) {
        story_line("--no-keys: there is no fence.");
        return -1;
    }
    int key = pkey_alloc(0, rights);
    if (key < 0) {
        story_line("pkey_alloc(): %s. This CPU has no protection keys, or they are off: there is",
                   story_error(errno));
        story_line("no fence. mprotect() could make one, of two system calls for each use, and it");
        story_line("would stand open for all threads meanwhile.");
    }
    return key;
}

/* Opens the fence for this thread, or closes it; no system call. */
static inline void fence_set(int key, unsigned int rights)
{
    if (key >= 0)
        pkey_set(key, rights);
}

/*
 * The last line before the mistake: what has been said is not to be lost with the program, which
 * the signal ends.
 */
static inline void fence_before(void)
{
    fflush(stdout);
}

/* The mistake went through, as it may only where there is no fence. */
static inline void fence_behind(int key)
{
    story_expect(key < 0, "expected SIGSEGV, none came: this kernel does not enforce the key");
}

#endif
