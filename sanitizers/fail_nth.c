// SPDX-License-Identifier: MIT
/*
 * The linker puts what is here between the allocators and those who call them from other files
 * (--wrap in the Makefile): a call of kmalloc() reaches __wrap_kmalloc(), which goes on with
 * __real_kmalloc(). What fails is the call as its caller sees it; what an allocator takes from the
 * one below, to that end, does not count.
 *
 * What is allocated with interrupts off does not count: those are the interrupts' own, not the
 * task's that happens to run.
 */
#include "sanitizers/fail_nth.h"

#include "arch/cpu/cpu.h"
#include "arch/lock/spinlock.h"
#include "kernel/task/task.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"

TASK_STATE(struct fail_nth, task_fail_nth);

#define RECORDS  24
#define WAYS     16384 /* places in the table of ways */
#define WAYS_MAX (WAYS / 2)

/* Nobody else's: that a failure is to be completed with the call's result (enum of WORK_*). */
#define WORK_RECORD (1u << 31)

/* Made by the linker, or called by what it changed. */
struct page *__real_page_alloc(unsigned int order, enum page_flags flags);
struct page *__wrap_page_alloc(unsigned int order, enum page_flags flags);
void *__real_slab_alloc(struct slab_cache *cache);
void *__wrap_slab_alloc(struct slab_cache *cache);
void *__real_slab_alloc_zeroed(struct slab_cache *cache);
void *__wrap_slab_alloc_zeroed(struct slab_cache *cache);
void *__real_kmalloc(size_t size);
void *__wrap_kmalloc(size_t size);
void *__real_kzalloc(size_t size);
void *__wrap_kzalloc(size_t size);
void __real_return_to_user(struct trap_frame *frame);
void __wrap_return_to_user(struct trap_frame *frame);

static struct spinlock lock = SPINLOCK_INIT("failures"); /* covers all of these */
static struct fail_nth_record records[RECORDS];          /* a ring */
static uint64_t count;
static uint64_t ways[WAYS]; /* by which allocations have failed: a table of hashes */
static unsigned int way_count;
bool fail_nth_new_ways;

/* ---- records ---- */

/* Return addresses on the task's stack, from the frame that rbp points to on. */
static void read_trace(uintptr_t rbp, uintptr_t *trace)
{
    uintptr_t end = (uintptr_t)task_frame(current());

    for (unsigned int i = 0; i < FAIL_NTH_TRACE_MAX; i++) {
        const uintptr_t *frame = (const uintptr_t *)rbp;

        trace[i] = frame[1];
        if (frame[0] <= rbp || frame[0] >= end)
            return;
        rbp = frame[0];
    }
}

static struct fail_nth_record describe(uintptr_t rbp)
{
    const struct trap_frame *frame = task_frame(current());
    struct fail_nth_record record = {
        .tid = current()->tid, .vector = frame->vector, .call = (uint32_t)frame->error_code};

    read_trace(rbp, record.trace);
    return record;
}

static uint64_t hash_of(const struct fail_nth_record *record)
{
    uint64_t hash = record->call; /* FNV-1a, word by word; not 0, which is an empty place */

    for (unsigned int i = 0; i < FAIL_NTH_TRACE_MAX; i++)
        hash = (hash ^ record->trace[i]) * 0x100000001b3ul;
    return hash | 1;
}

/* Where a way stands in the table, or the empty place where it would. */
static uint64_t *find_way_locked(uint64_t hash)
{
    uint64_t place = hash >> 1;

    while (ways[place % WAYS] && ways[place % WAYS] != hash)
        place++;
    return &ways[place % WAYS];
}

/* False from when the table is nearly full: then nothing is new. */
static bool is_new(uintptr_t rbp)
{
    struct fail_nth_record record = describe(rbp);

    spin_lock(&lock);
    bool is_new = way_count < WAYS_MAX && !*find_way_locked(hash_of(&record));
    spin_unlock(&lock);
    return is_new;
}

static void note_way_locked(uint64_t hash)
{
    uint64_t *way = find_way_locked(hash);

    if (*way || way_count == WAYS_MAX)
        return;
    *way = hash;
    way_count++;
}

/* A program's; NULL: of a task of the kernel's, or before there are any. */
static struct fail_nth *own(void)
{
    const struct task *task = current();

    return task && task->process ? fail_nth_of(task) : NULL;
}

static void record(uintptr_t rbp)
{
    struct task *task = current();
    struct fail_nth_record new = describe(rbp);

    spin_lock(&lock);
    new.number = ++count;
    records[new.number % RECORDS] = new;
    note_way_locked(hash_of(&new));
    spin_unlock(&lock);
    if (new.vector == VECTOR_SYSCALL && !own()->is_leaving)
        task_set_work(task, WORK_RECORD);
}

static void complete(const struct task *task, long result)
{
    spin_lock(&lock);
    for (unsigned int i = 0; i < RECORDS; i++) {
        if (records[i].tid != task->tid || records[i].has_ended ||
            records[i].vector != VECTOR_SYSCALL)
            continue;
        records[i].has_ended = true;
        records[i].result = result;
    }
    spin_unlock(&lock);
}

bool fail_nth_read(unsigned int index, struct fail_nth_record *record)
{
    bool found;

    spin_lock(&lock);
    uint64_t number = (count > RECORDS ? count - RECORDS : 0) + 1 + index;
    found = number <= count;
    if (found)
        *record = records[number % RECORDS];
    spin_unlock(&lock);
    return found;
}

/* ---- allocations ---- */

/* False when the allocation is the one to fail; otherwise it goes on to end_allocation(). */
static inline __attribute__((always_inline)) bool begin_allocation(void)
{
    struct fail_nth *fail = own();
    uintptr_t rbp = (uintptr_t)__builtin_frame_address(0);

    if (!fail || fail->depth++ || !fail->left || !irq_is_enabled())
        return true;
    if ((fail_nth_new_ways && !is_new(rbp)) || --fail->left)
        return true;
    fail->depth--;
    record(rbp);
    return false;
}

static void *end_allocation(void *memory)
{
    struct fail_nth *fail = own();

    if (fail)
        fail->depth--;
    return memory;
}

struct page *__wrap_page_alloc(unsigned int order, enum page_flags flags)
{
    return begin_allocation() ? end_allocation(__real_page_alloc(order, flags)) : NULL;
}

void *__wrap_slab_alloc(struct slab_cache *cache)
{
    return begin_allocation() ? end_allocation(__real_slab_alloc(cache)) : NULL;
}

void *__wrap_slab_alloc_zeroed(struct slab_cache *cache)
{
    return begin_allocation() ? end_allocation(__real_slab_alloc_zeroed(cache)) : NULL;
}

void *__wrap_kmalloc(size_t size)
{
    return begin_allocation() ? end_allocation(__real_kmalloc(size)) : NULL;
}

void *__wrap_kzalloc(size_t size)
{
    return begin_allocation() ? end_allocation(__real_kzalloc(size)) : NULL;
}

/* ---- results of system calls ---- */

void __wrap_return_to_user(struct trap_frame *frame)
{
    struct task *task = current();

    if (task->work & WORK_RECORD) {
        task_clear_work(task, WORK_RECORD);
        complete(task, (long)frame->rax);
    }
    fail_nth_of(task)->is_leaving = true;
    __real_return_to_user(frame);
    fail_nth_of(task)->is_leaving = false;
}
