// SPDX-License-Identifier: MIT
/*
 * What the CPU's exceptions report: signal, code, address and vector. Page faults are in faults.
 */
#include "tests/ring3/ring3.h"

#define TRAP_FLAG 0x100ul

/* Where the last probe's fault happened. */
static uintptr_t fault_rip;

static void note_rip(int number, siginfo_t *info, void *context)
{
    fault_rip = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    probe_handler(number, info, context);
}

static void illegal_instruction(void)
{
    struct fault fault;

    handle(SIGILL, note_rip, 0);
    fault = PROBE("ud2", 0);
    EXPECT_EQUAL(fault.signal, SIGILL);
    EXPECT_EQUAL(fault.code, ILL_ILLOPN);
    EXPECT_EQUAL(fault.address, fault_rip);
    EXPECT_EQUAL(fault.trap, 6);
    EXPECT_EQUAL(*(const uint16_t *)fault_rip, 0x0b0f);
    probe_init();
}

static void division(void)
{
    struct fault fault;

    handle(SIGFPE, note_rip, 0);
    fault = PROBE("xor %%eax, %%eax\n\txor %%edx, %%edx\n\txor %%ecx, %%ecx\n\tdiv %%ecx", 0);
    EXPECT_EQUAL(fault.signal, SIGFPE);
    EXPECT_EQUAL(fault.code, FPE_INTDIV);
    EXPECT_EQUAL(fault.address, fault_rip);
    EXPECT_EQUAL(fault.trap, 0);
    probe_init();
}

static void vector_division(void)
{
    static const uint32_t unmasked = 0x1f80 & ~(uint32_t)0x200; /* divide by zero */
    static const uint32_t usual = 0x1f80;
    struct fault fault;
    uint32_t after;

    __asm__ volatile("ldmxcsr %0" : : "m"(unmasked));
    fault = PROBE("mov $1, %%eax\n\t"
                  "cvtsi2ss %%eax, %%xmm0\n\t"
                  "xorps %%xmm1, %%xmm1\n\t"
                  "divss %%xmm1, %%xmm0",
                  0);
    __asm__ volatile("stmxcsr %0\n\tldmxcsr %1" : "=m"(after) : "m"(usual));
    if (fault.signal == 0 && (after & 4)) {
        ktap_skip("this CPU notes unmasked SSE exceptions and does not raise them, as TCG");
        return;
    }
    EXPECT_EQUAL(fault.signal, SIGFPE);
    EXPECT_EQUAL(fault.code, FPE_FLTDIV);
    EXPECT_EQUAL(fault.trap, 19);
}

static void x87_division(void)
{
    static const uint16_t unmasked = 0x37f & ~4; /* divide by zero */
    struct fault fault;

    __asm__ volatile("fldcw %0" : : "m"(unmasked));
    fault = PROBE("fld1\n\tfldz\n\tfdivrp\n\tfwait", 0);
    __asm__ volatile("fninit");
    EXPECT_EQUAL(fault.signal, SIGFPE);
    EXPECT_EQUAL(fault.code, FPE_FLTDIV);
    EXPECT_EQUAL(fault.trap, 16);
}

static void breakpoint(void)
{
    struct fault fault;

    handle(SIGTRAP, note_rip, 0);
    fault = PROBE("int3", 0);
    EXPECT_EQUAL(fault.signal, SIGTRAP);
    EXPECT_EQUAL(fault.code, CODE_KERNEL);
    EXPECT_EQUAL(fault.address, 0);
    EXPECT_EQUAL(fault.trap, 3);
    EXPECT_EQUAL(*(const unsigned char *)(fault_rip - 1), 0xcc);
    probe_init();
}

static void clear_trap_flag(int number, siginfo_t *info, void *context)
{
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    note_rip(number, info, context);
}

static void single_step(void)
{
    struct fault fault;

    handle(SIGTRAP, clear_trap_flag, 0);
    fault = PROBE("sub $128, %%rsp\n\t" // over the red zone
                  "pushf\n\t"
                  "orl $0x100, (%%rsp)\n\t"
                  "popf\n\t"
                  "nop\n\t"
                  "nop",
                  0);
    EXPECT_EQUAL(fault.signal, SIGTRAP);
    EXPECT_EQUAL(fault.code, TRAP_TRACE);
    EXPECT_EQUAL(fault.address, fault_rip);
    EXPECT_EQUAL(fault.trap, 1);
    probe_init();
}

static unsigned int steps;

static void count_step(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    steps++;
}

/* SYSCALL clears the flag for the kernel's sake, and the way back restores it. */
static void step_through_system_call(void)
{
    handle(SIGTRAP, count_step, 0);
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
    long parent = syscall(__NR_getppid);
    unsigned int steps_then = *(volatile unsigned int *)&steps;
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
    EXPECT_EQUAL(parent, getppid());
    EXPECT(steps_then > 2);
    EXPECT(*(volatile unsigned int *)&steps > steps_then);
    probe_init();
}

static void privileged_instructions(void)
{
    EXPECT_SEGV(PROBE("hlt", 0), CODE_KERNEL);
    EXPECT_EQUAL(probe.fault.address, 0);
    EXPECT_EQUAL(probe.fault.trap, 13);
    EXPECT_SEGV(PROBE("cli", 0), CODE_KERNEL);
    EXPECT_SEGV(PROBE("mov %%cr3, %%rax", 0), CODE_KERNEL);
    EXPECT_SEGV(PROBE("mov $0xc0000080, %%ecx\n\trdmsr", 0), CODE_KERNEL);
    EXPECT_SEGV(PROBE("mov $0x3f8, %%edx\n\tin %%dx, %%al", 0), CODE_KERNEL);
    EXPECT_SEGV(PROBE("int $0x21", 0), CODE_KERNEL);
}

/* A CPU comes out of reset with one at address 0, which would be the program's to write. */
static void no_local_descriptors(void)
{
    for (unsigned int selector = 0x0f; selector < 0x40; selector += 8)
        EXPECT_SEGV(PROBE("mov %%ecx, %%es", selector), CODE_KERNEL);
}

/* QEMU before 9.1 takes the two words from the stack as ring 0 would, and SMAP refuses that. */
static void far_return(void)
{
    struct fault fault = PROBE("sub $128, %%rsp\n\t"
                               "push $0x33\n\t"
                               "lea 1f(%%rip), %%rax\n\t"
                               "push %%rax\n\t"
                               "lretq\n"
                               "1:\tadd $128, %%rsp",
                               0);
    if (fault.signal)
        EXPECT_SEGV(fault, SEGV_ACCERR);
    else
        EXPECT_ALLOWED(fault);
}

static const struct ktap_test tests[] = {
    {"SIGILL: ILL_ILLOPN at the instruction", illegal_instruction},
    {"SIGFPE: FPE_INTDIV at the division", division},
    {"SIGFPE: FPE_FLTDIV of an SSE division", vector_division},
    {"SIGFPE: FPE_FLTDIV of an x87 division", x87_division},
    {"SIGTRAP: int3 has si_code 128, behind the instruction", breakpoint},
    {"SIGTRAP: a single step is TRAP_TRACE at the next instruction", single_step},
    {"SIGTRAP: single steps through a system call", step_through_system_call},
    {"SIGSEGV: privileged instructions have si_code 128 and si_addr 0", privileged_instructions},
    {"SIGSEGV: there is no local descriptor table", no_local_descriptors},
    {"a far return goes on, or is refused at once", far_return},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
