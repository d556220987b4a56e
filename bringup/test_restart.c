// SPDX-License-Identifier: MIT
/* A CPU put to sleep by INIT, started again, and asked whether it still is what it was. */
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "bringup/crew.h"
#include "bringup/test.h"
#include "kernel/smp.h"

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

void test_restart(struct test_run *run)
{
    struct crew_exception exception;

    if (run->cpu == 0) {
        skip(run, "the boot CPU runs the suite");
        return;
    }
    if (!smp_restart_cpu(run->cpu)) {
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
