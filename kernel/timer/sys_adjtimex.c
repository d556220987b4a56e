// SPDX-License-Identifier: MIT
/*
 * adjtimex and clock_adjtime, to read: the clock is one that nothing steers and nobody compares
 * with another. What would steer it is refused.
 */
#include <asm/errno.h>
#include <linux/time.h>
#include <linux/timex.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/time/time.h"
#include "libc/include/string.h"

#define ADJ_ADJTIME       0x8000 /* the call is adjtime(3)'s: ADJ_OFFSET_SINGLESHOT or _SS_READ */
#define ERROR_MAX_US      16000000
#define USER_TICK_US      10000
#define TOLERANCE_500_PPM (500 << 16)
#define PLL_TIME_CONSTANT 2

static bool only_reads(const struct __kernel_timex *request)
{
    return !request->modes || request->modes == ADJ_OFFSET_SS_READ;
}

static long read_state(struct __kernel_timex *state, uintptr_t address)
{
    uint64_t now = time_realtime_ns();
    unsigned int modes = state->modes;

    memset(state, 0, sizeof(*state));
    state->modes = modes;
    state->maxerror = state->esterror = ERROR_MAX_US;
    state->status = STA_UNSYNC;
    state->constant = PLL_TIME_CONSTANT;
    state->precision = 1;
    state->tolerance = TOLERANCE_500_PPM;
    state->time.tv_sec = (long long)(now / NS_PER_SECOND);
    state->time.tv_usec = (long long)(now % NS_PER_SECOND / 1000);
    state->tick = USER_TICK_US;
    return copy_to_user(address, state, sizeof(*state)) ? -EFAULT : TIME_ERROR;
}

static long adjust(int clock, uintptr_t address)
{
    struct __kernel_timex request;
    uint64_t now;

    if (copy_from_user(&request, address, sizeof(request)))
        return -EFAULT;
    if (time_read_clock(clock, &now))
        return -EINVAL;
    if (clock != CLOCK_REALTIME)
        return -EOPNOTSUPP;
    if ((request.modes & ADJ_ADJTIME) && !(request.modes & ADJ_OFFSET))
        return -EINVAL;
    return only_reads(&request) ? read_state(&request, address) : -EPERM;
}

PARALLEL_SYSCALL1(adjtimex, uintptr_t, address)
{
    return adjust(CLOCK_REALTIME, address);
}

PARALLEL_SYSCALL2(clock_adjtime, int, clock, uintptr_t, address)
{
    return adjust(clock, address);
}
