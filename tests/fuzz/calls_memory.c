// SPDX-License-Identifier: MIT
// Memory and protection keys, aimed at the play pages.

#include <sys/mman.h>

#include "libc/include/latchkey/syscalls.h"
#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/values.h"
#include "tests/fuzz/worker.h"

#define KEYS      16
#define BRK_PAGES 64

/* ---- arguments ---- */

static uint64_t protection(const struct use *use)
{
    static const uint64_t values[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_EXEC};

    return one_in(2) ? some_bits(use, PROT_READ | PROT_WRITE | PROT_EXEC)
                     : choice(use, values, COUNT(values));
}

/* PROT_GROWSDOWN too, which the play pages seldom can have. */
static uint64_t new_protection(const struct use *use)
{
    return protection(use) | (one_in(16) ? UINT64_C(0x01000000) << random_below(2) : 0);
}

static uint64_t key(const struct use *use)
{
    if (use->wild && one_in(3))
        return one_in(2) ? random_below(40) - 4 : wild_value();
    return one_in(4) ? UINT64_MAX : random_small(KEYS);
}

/* Not key 0: the next pkey_alloc() would get it, and might deny the fuzzer all of its memory. */
static uint64_t key_to_free(const struct use *use)
{
    uint64_t number = key(use);

    return (uint32_t)number == 0 ? 1 : number;
}

/* The commands' bits stand in a row: membarrier(2). */
static uint64_t barrier_command(const struct use *use)
{
    return use->wild ? wild_value() : one_in(12) ? 0 : UINT64_C(1) << random_below(10);
}

DEFINE_CHOICE(key_rights, 0, PKEY_DISABLE_ACCESS, PKEY_DISABLE_WRITE,
              PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE)

DEFINE_CHOICE(usage_size, sizeof(struct pkey_usage), 0, PKEY_USAGE_LEAST, 200, PAGE)

static uint64_t release_how(const struct use *use)
{
    return use->wild ? random_below(5) : random_below(PKEY_RELEASE_MOVE + 1);
}

static uint64_t release_to(const struct use *use)
{
    return use->wild || use->argument[1] == PKEY_RELEASE_MOVE ? key(use) : 0;
}

static uint64_t policies_to_set(const struct use *use)
{
    return one_in(2) ? some_bits(use, PKEY_GUARDED | PKEY_CLOSED | PKEY_KEPT) : 0;
}

static uint64_t policies_to_clear(const struct use *use)
{
    return policies_to_set(use) & ~(one_in(16) ? 0 : use->argument[1]);
}

/* Anywhere, at a hint, or exactly among the play pages. */
static uint64_t map_address(const struct use *use)
{
    return one_in(3) ? 0 : play_huge_address(use);
}

static uint64_t map_length(const struct use *use)
{
    return use->argument[0] == 0 ? PAGE * (1 + random_small(256)) : play_length(use);
}

static uint64_t map_flags(const struct use *use)
{
    uint64_t flags = one_in(3) ? MAP_SHARED : MAP_PRIVATE;

    if (use->wild && one_in(4))
        return flags | some_bits(use, MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_HUGETLB | MAP_LOCKED);
    if (!one_in(3))
        flags |= MAP_ANONYMOUS;
    if (use->argument[0] != 0)
        flags |= one_in(4) ? MAP_FIXED_NOREPLACE : one_in(4) ? 0 : MAP_FIXED;
    return flags | some_bits(use, MAP_POPULATE | MAP_NORESERVE | MAP_STACK);
}

static uint64_t map_fd(const struct use *use)
{
    static const uint64_t fds[] = {FD_FILE, FD_READ_ONLY, FD_APPEND, FD_ZERO};

    return one_in(8) ? fd_any(use) : choice(use, fds, COUNT(fds));
}

static uint64_t map_offset(const struct use *use)
{
    if (use->wild && one_in(4))
        return one_in(2) ? random_small(1 << 20) : UINT64_MAX - PAGE + 1;
    return PAGE * random_small(16);
}

static uint64_t new_length(const struct use *use)
{
    return use->wild && one_in(4) ? UINT64_C(1) << 47 : PAGE * (1 + random_small(128));
}

DEFINE_CHOICE(remap_flags, MREMAP_MAYMOVE, MREMAP_MAYMOVE, 0, MREMAP_MAYMOVE | MREMAP_FIXED,
              MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

/* What ends behind the play pages would be unmapped there, even by a call that then fails. */
static uint64_t remap_target(const struct use *use)
{
    uint64_t room = play_room(use->argument[2]);

    if (!use->wild || !one_in(3))
        return room;
    return one_in(2) ? room + random_small(PAGE) : room | UINT64_C(1) << (47 + random_below(17));
}

DEFINE_CHOICE(advice, MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_WILLNEED, MADV_HUGEPAGE,
              MADV_NOHUGEPAGE, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_NORMAL, MADV_RANDOM)

static uint64_t sync_flags(const struct use *use)
{
    return some_bits(use, MS_ASYNC | MS_INVALIDATE | MS_SYNC);
}

static uint64_t lock_flags(const struct use *use)
{
    return some_bits(use, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

/* ---- what takes more than a call ---- */

static uint64_t break_change(const struct use *use)
{
    return use->wild && one_in(3) ? wild_value() : PAGE * random_below(BRK_PAGES);
}

/* Upwards from where the program began, and back; 0 or the error that a C library would see. */
static long run_brk(struct use *use)
{
    static long start;
    long wanted;

    if (start == 0)
        start = KERNEL(brk, 0);
    wanted = start + (long)(use->argument[0] % (BRK_PAGES * PAGE * 1024));
    return KERNEL(brk, wanted) == wanted ? 0 : -ENOMEM;
}

static void after_map(const struct use *use, long result)
{
    if (!is_error(result) && (uint64_t)result != use->argument[0])
        remember_mapping((uint64_t)result, use->argument[1]);
}

static void after_remap(const struct use *use, long result)
{
    if (!is_error(result) && (uint64_t)result != use->argument[0] &&
        !(use->argument[3] & MREMAP_FIXED))
        remember_mapping((uint64_t)result, use->argument[2]);
}

static void after_key(const struct use *use, long result)
{
    (void)use;
    if (!is_error(result) && one_in(2))
        worker_shuffle_rights();
}

/* Linux would hold all that is mapped later to RLIMIT_MEMLOCK. */
static void after_lock_all(const struct use *use, long result)
{
    (void)use, (void)result;
    KERNEL(munlockall);
}

/* ---- the table ---- */

static const struct call calls[] = {
    CALL(mmap, TAKES(map_address, map_length, new_protection, map_flags, map_fd, map_offset),
         .flags = CALL_AIMED, .after = after_map),
    CALL(munmap, TAKES(mapping_address, mapping_length), .flags = CALL_AIMED),
    CALL(mprotect, TAKES(play_address, play_length, new_protection), .flags = CALL_AIMED),
    CALL(pkey_mprotect, TAKES(play_address, play_length, new_protection, key), .flags = CALL_AIMED),
    CALL(pkey_alloc, TAKES(zero, key_rights), .after = after_key),
    CALL(pkey_set_all, TAKES(key_to_free, key_rights), .flags = CALL_AIMED),
    CALL(pkey_set_thread, TAKES(key_to_free, key_rights, child_pid_or_self), .flags = CALL_AIMED),
    CALL(pkey_get, TAKES(key)),
    CALL(pkey_set, TAKES(key_to_free, key_rights), .flags = CALL_AIMED),
    CALL(pkey_query, TAKES(key, buffer, usage_size, buffer, small_number)),
    CALL(pkey_free, TAKES(key_to_free), .flags = CALL_AIMED),
    CALL(pkey_release, TAKES(key_to_free, release_how, release_to), .flags = CALL_AIMED),
    CALL(pkey_policy, TAKES(key_to_free, policies_to_set, policies_to_clear), .flags = CALL_AIMED),
    CALL(mremap, TAKES(mapping_address, mapping_length, new_length, remap_flags, remap_target),
         .flags = CALL_AIMED, .after = after_remap),
    CALL(madvise, TAKES(play_address, play_length, advice), .flags = CALL_AIMED),
    CALL(brk, TAKES(break_change), .flags = CALL_AIMED, .run = run_brk),
    CALL(mincore, TAKES(play_address, play_length, buffer)),
    CALL(msync, TAKES(play_address, play_length, sync_flags)),
    CALL(membarrier, TAKES(barrier_command, zero, zero)),
    CALL(mlock, TAKES(play_address, play_length)),
    CALL(mlock2, TAKES(play_address, play_length, zero)),
    CALL(munlock, TAKES(play_address, play_length)),
    CALL(mlockall, TAKES(lock_flags), .after = after_lock_all),
    CALL(munlockall),
    CALL(process_vm_readv, TAKES(child_pid_or_self, io_vector, io_vector_count, remote_vector,
                                 io_vector_count, zero)),
    CALL(process_vm_writev,
         TAKES(child_pid_or_self, io_vector, io_vector_count, remote_vector, io_vector_count, zero),
         .flags = CALL_AIMED),
};

const struct call_table memory_calls = {calls, COUNT(calls)};
