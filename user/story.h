// SPDX-License-Identifier: MIT
/*
 * What the demonstrations share: how they print (numbered steps, indented explanations, with what
 * ask.h does at a terminal), how they make sure that what they tell is so, and how they show PKRU.
 */
#ifndef USER_STORY_H
#define USER_STORY_H

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc/include/pkru.h"
#include "user/ask.h"

/* ---- printing ---- */

static inline void story_title(const char *title)
{
    ask_print(ASK_BOLD, title);
    printf("\n");
}

/* The next step: what is done, and what came of it. */
__attribute__((format(printf, 1, 2))) static inline void story_step(const char *format, ...)
{
    static int number;
    va_list arguments;

    if (number > 0)
        ask_pause();
    printf("\n");
    ask_colour(ASK_BOLD);
    printf("%2d. ", ++number);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    ask_colour(ASK_END);
    printf("\n");
}

/* A line that belongs to the step. */
__attribute__((format(printf, 1, 2))) static inline void story_line(const char *format, ...)
{
    va_list arguments;

    printf("    ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

/* What cannot happen did: say so and end. */
static inline void story_require(bool condition, const char *what)
{
    if (condition)
        return;
    fflush(stdout);
    perror(what);
    exit(EXIT_FAILURE);
}

/* What the story tells has to be so at that moment. If it is not, say what was expected and end. */
__attribute__((format(printf, 2, 3))) static inline void story_expect(bool is_so,
                                                                      const char *format, ...)
{
    va_list arguments;

    if (is_so)
        return;
    fflush(stdout);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(EXIT_FAILURE);
}

/* An access was to end with a SIGSEGV of that si_code, or without one (0). */
static inline void story_expect_fault(int came, int expected)
{
    story_expect(came || !expected,
                 "expected SIGSEGV, none came: this kernel does not enforce the %s",
                 expected == SEGV_PKUERR ? "key" : "page table's permissions");
    story_expect(came == expected, "expected %s (si_code %d), SIGSEGV came with si_code %d",
                 !expected                 ? "no signal"
                 : expected == SEGV_PKUERR ? "SEGV_PKUERR"
                                           : "SEGV_ACCERR",
                 expected, came);
}

static inline const char *story_error(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EIO, "EIO"},       {EBADF, "EBADF"},   {EACCES, "EACCES"}, {EBUSY, "EBUSY"},
        {EINVAL, "EINVAL"}, {ENOSPC, "ENOSPC"}, {ENOSYS, "ENOSYS"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

/* ---- PKRU ---- */

static inline const char *story_rights(uint32_t pkru, int key)
{
    if (pkru & PKRU_AD(key))
        return "--";
    return (pkru & PKRU_WD(key)) ? "r-" : "rw";
}

/* The current rights to a key have to be those. */
static inline void story_expect_rights(int key, unsigned int rights)
{
    unsigned int found = pkru_read() >> (2 * key) & PKRU_ALL(0);

    story_expect(found == rights, "expected the rights %u to key %d in PKRU, it has %u", rights,
                 key, found);
}

/* Prints PKRU key by key; neighbours with the same rights together. */
static inline void story_pkru(uint32_t pkru)
{
    printf("      PKRU %#010x:", pkru);
    for (int first = 0, last; first < PKRU_KEYS; first = last + 1) {
        last = first;
        while (last + 1 < PKRU_KEYS && story_rights(pkru, last + 1) == story_rights(pkru, first))
            last++;
        if (first == last)
            printf("  key %d %s", first, story_rights(pkru, first));
        else
            printf("  keys %d-%d %s", first, last, story_rights(pkru, first));
    }
    printf("\n");
}

#endif
