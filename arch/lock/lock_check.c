// SPDX-License-Identifier: MIT
/*
 * Classes of locks, who holds which, and the order among them; part of a build with DEBUG=1.
 *
 * Locks of one name are one class. Taking a lock while holding others records "after" for each pair
 * of classes; a pair that contradicts earlier ones, directly or through others, could end in a
 * deadlock some day, and is reported at once with both names. Two locks of one class have no order;
 * taking the very same one twice is always found (spinlock.c).
 *
 * Each CPU has a stack of the classes that it holds: a lock is released on the CPU that took it,
 * though perhaps by the next task, and not always in reverse order. Interrupts are off while the
 * stack changes, since handlers take locks too.
 */
#include "arch/lock/spinlock.h"

#include "arch/cpu/check.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "libc/include/string.h"

#define CLASSES_MAX 128
#define HELD_MAX    16

struct lock_class {
    const char *name;
    uint64_t taken;
};

struct held_locks {
    unsigned int count;
    const struct lock_class *class[HELD_MAX];
};

static struct lock_class classes[CLASSES_MAX];
static unsigned int class_count;
static bool follows[CLASSES_MAX][CLASSES_MAX]; /* [a][b]: b was taken while a was held */
static struct held_locks held_locks[CPU_MAX];
static uint32_t order_is_changing; /* guards classes and follows */

static uint64_t begin_change(void)
{
    uint64_t flags = irq_save();

    while (__atomic_exchange_n(&order_is_changing, 1, __ATOMIC_ACQUIRE))
        cpu_relax();
    return flags;
}

static void end_change(uint64_t flags)
{
    __atomic_store_n(&order_is_changing, 0, __ATOMIC_RELEASE);
    irq_restore(flags);
}

static struct lock_class *find_class(const char *name)
{
    for (unsigned int i = 0; i < class_count; i++)
        if (!strcmp(classes[i].name, name))
            return &classes[i];
    if (class_count == CLASSES_MAX)
        check_failed("more than %u names of locks", CLASSES_MAX);
    classes[class_count].name = name;
    return &classes[class_count++];
}

/* Whether a chain of locks leads from one class to another; seen: classes already tried. */
static bool leads_to(unsigned int from, unsigned int to, bool *seen)
{
    if (follows[from][to])
        return true;
    seen[from] = true;
    for (unsigned int next = 0; next < class_count; next++)
        if (follows[from][next] && !seen[next] && leads_to(next, to, seen))
            return true;
    return false;
}

static void note_order(const struct lock_class *first, const struct lock_class *second)
{
    unsigned int a = (unsigned int)(first - classes);
    unsigned int b = (unsigned int)(second - classes);
    bool seen[CLASSES_MAX] = {false};

    if (a == b || follows[a][b])
        return;
    if (leads_to(b, a, seen))
        check_failed(
            "order of locks: \"%s\" is taken after \"%s\", which was taken after it before",
            second->name, first->name);
    follows[a][b] = true;
}

void lock_check_take(struct lock_check *check, const char *name)
{
    uint64_t flags = begin_change();
    struct held_locks *held = &held_locks[this_cpu_number()];

    if (!check->class)
        check->class = find_class(name ? name : "without a name");
    check->class->taken++;
    for (unsigned int i = 0; i < held->count; i++)
        note_order(held->class[i], check -> class);
    if (held->count == HELD_MAX)
        check_failed("more than %u locks held, \"%s\" the last", HELD_MAX, name);
    held->class[held->count++] = check->class;
    end_change(flags);
}

void lock_check_release(struct lock_check *check)
{
    uint64_t flags = begin_change();
    struct held_locks *held = &held_locks[this_cpu_number()];
    unsigned int i = held->count;

    while (i && held->class[i - 1] != check->class)
        i--;
    if (!i)
        check_failed("lock \"%s\" is released by a CPU that does not hold it",
                     check->class ? check->class->name : "never taken");
    for (held->count--; i <= held->count; i++)
        held->class[i - 1] = held->class[i];
    end_change(flags);
}

bool lock_check_read(unsigned int number, const char **name, uint64_t *taken)
{
    if (number >= __atomic_load_n(&class_count, __ATOMIC_ACQUIRE))
        return false;
    *name = classes[number].name;
    *taken = __atomic_load_n(&classes[number].taken, __ATOMIC_RELAXED);
    return true;
}
