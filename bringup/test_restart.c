// SPDX-License-Identifier: MIT
/* A CPU put to sleep by INIT, started again, and asked whether it still is what it was. */
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "bringup/crew.h"
#include "bringup/test.h"
#include "kernel/cpus/facts.h"
#include "kernel/start/start.h"

#define LIMIT_US 10000000ul

static void check(void *argument)
{
    struct test_run *run = argument;

    test_registers(run);
    if (!cpu_state.pku)
        return;
    test_cpuid_keys(run);
    if (run->result->outcome == OUTCOME_PASS)
        test_instructions(run);
}

/*
 * Resets the CPU and starts it once more: it goes the way of all others, keeps its number, and
 * comes to cpu_joins again. Nothing that it holds or owes is let go. False when it does not come
 * back like the boot CPU.
 */
static bool restart(unsigned int cpu)
{
    struct ap_slot *slot = cpu_slot_of(cpu);
    struct ap_plan plan = smp_plan;

    plan.slots = slot;
    plan.count = 1;
    slot->state = AP_STARTED;
    smp_start_all(&plan);
    if (slot->state != AP_READY)
        return false;
    smp_call(slot, smp_run);
    return true;
}

void test_restart(struct test_run *run)
{
    struct crew_exception exception;

    if (run->cpu == 0) {
        skip(run, "the boot CPU runs the suite");
        return;
    }
    if (!restart(run->cpu)) {
        fail(run, "it comes back after INIT", "it does not, or not as it was");
        return;
    }
    record(run, "PKRU after INIT %#x", percpu_of(run->cpu)->pkru_found);
    crew_run(run->cpu, check, run, LIMIT_US);
    switch (crew_outcome(run->cpu, &exception)) {
    case CREW_DONE:
        break;
    case CREW_CALLED_OFF:
    case CREW_SILENT:
        fail(run, "an answer after INIT", "silent");
        break;
    case CREW_EXCEPTION:
        fail(run, "no exception after INIT", "exception %lu, RIP %#lx", exception.vector,
             exception.rip);
        break;
    }
}
