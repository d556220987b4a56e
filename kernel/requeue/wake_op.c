// SPDX-License-Identifier: MIT
#include "kernel/requeue/wake_op.h"

#include <asm/errno.h>
#include <linux/futex.h>

#include "arch/mmu/usercopy.h"
#include "kernel/requeue/user_word.h"

static int32_t signed_field(uint32_t operation, unsigned int shift)
{
    return (int32_t)(operation << (20 - shift)) >> 20;
}

static uint32_t argument_of(uint32_t operation)
{
    uint32_t argument = (uint32_t)signed_field(operation, 12);

    return operation & ((uint32_t)FUTEX_OP_OPARG_SHIFT << 28) ? 1u << argument % 32 : argument;
}

static int new_value(uint32_t operation, uint32_t old, uint32_t *next)
{
    uint32_t argument = argument_of(operation);

    switch (operation >> 28 & 7) {
    case FUTEX_OP_SET:
        *next = argument;
        return 0;
    case FUTEX_OP_ADD:
        *next = old + argument;
        return 0;
    case FUTEX_OP_OR:
        *next = old | argument;
        return 0;
    case FUTEX_OP_ANDN:
        *next = old & ~argument;
        return 0;
    case FUTEX_OP_XOR:
        *next = old ^ argument;
        return 0;
    default:
        return -ENOSYS;
    }
}

/* 1, 0 or -ENOSYS. */
static int compare(uint32_t operation, int32_t old)
{
    int32_t with = signed_field(operation, 0);

    switch (operation >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return old == with;
    case FUTEX_OP_CMP_NE:
        return old != with;
    case FUTEX_OP_CMP_LT:
        return old < with;
    case FUTEX_OP_CMP_LE:
        return old <= with;
    case FUTEX_OP_CMP_GT:
        return old > with;
    case FUTEX_OP_CMP_GE:
        return old >= with;
    default:
        return -ENOSYS;
    }
}

int wake_op_apply(uint32_t operation, uintptr_t address)
{
    uint32_t old, next;
    int error = new_value(operation, 0, &next);

    if (!error)
        error = user_word_try_load(address, &old);
    if (error)
        return error;
    do {
        new_value(operation, old, &next);
        error = user_word_try_replace(address, &old, next);
    } while (error == -EAGAIN);
    return error ? error : compare(operation, (int32_t)old);
}
