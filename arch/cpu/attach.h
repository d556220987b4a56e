// SPDX-License-Identifier: MIT
/*
 * How a room attaches itself to a lower room that does not know it.
 *
 * The lower room declares an event in one of its headers, and says there when it comes, under which
 * lock, whether it may fail and what is undone then:
 *
 *     EVENT(thread_ends, void, void);
 *     EVENT(space_grows, int, struct address_space *space, uint64_t bytes, uint64_t data);
 *
 * A room above attaches a function to it, which the linker collects (linker.ld has a line for each
 * event):
 *
 *     ATTACH(thread_ends, robust_list_leave);
 *
 * The function is not to be named start or end: attached_EVENT_start and attached_EVENT_end are the
 * linker's.
 *
 * When the event happens, the lower room tells all attached functions, or asks them until one gives
 * an answer that is not 0:
 *
 *     TELL(thread_ends);
 *     error = ASK(space_grows, space, bytes, data);
 *
 * Nobody misses a room that is left out of the link. Functions are called in the order in which
 * they were linked, on which none may rely. tools/attached lists what is attached where.
 */
#ifndef ARCH_CPU_ATTACH_H
#define ARCH_CPU_ATTACH_H

/* clang-format off */
#define EVENT(event, result, ...)                                                                  \
    typedef result event##_event_t(__VA_ARGS__);                                                   \
    extern event##_event_t *const attached_##event##_start[], *const attached_##event##_end[]

#define ATTACH(event, function)                                                                    \
    static event##_event_t *const attached_##event##_##function                                    \
        __attribute__((used, section(".attached." #event))) = function

#define TELL(event, ...)                                                                           \
    do {                                                                                           \
        for (event##_event_t *const *attached_ = attached_##event##_start;                         \
             attached_ < attached_##event##_end; attached_++)                                      \
            (*attached_)(__VA_ARGS__);                                                             \
    } while (0)

#define ASK(event, ...)                                                                            \
    ({                                                                                             \
        int answer_ = 0;                                                                           \
        for (event##_event_t *const *attached_ = attached_##event##_start;                         \
             !answer_ && attached_ < attached_##event##_end; attached_++)                          \
            answer_ = (*attached_)(__VA_ARGS__);                                                   \
        answer_;                                                                                   \
    })
/* clang-format on */

#endif
