// SPDX-License-Identifier: MIT
/* Keys for supervisor pages: CR4.PKS and IA32_PKRS (SDM vol. 3A, 4.6.2). */
#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "arch/mmu/pte.h"
#include "arch/mmu/tlb.h"
#include "bringup/key_page.h"
#include "bringup/probe.h"
#include "bringup/test.h"

#define MSR_PKRS 0x6e1
#define KEY      9

static void expect_rights(struct test_run *run, uint32_t rights, const char *read_what,
                          const char *write_what)
{
    wrmsr(MSR_PKRS, pkru_with_rights(0, KEY, rights));
    struct probe_result read = probe(probe_read, KEY_PAGE_ADDRESS, 0, 0);
    struct probe_result write = probe(probe_write, KEY_PAGE_ADDRESS, 1, 0);
    wrmsr(MSR_PKRS, 0);
    expect_equal(run, read_what, rights & PKRU_AD ? X86_PF_PROT | X86_PF_PK : 0, read.code);
    expect_equal(run, write_what, rights ? X86_PF_PROT | X86_PF_PK | X86_PF_WRITE : 0, write.code);
}

void test_pks(struct test_run *run)
{
    struct key_page page;

    if (!this_cpu_has(X86_FEATURE_PKS)) {
        skip(run, "the CPU has no PKS");
        return;
    }
    if (!key_page_enter(run, &page, KEY))
        return;
    *page.leaf &= ~PTE_U;
    invlpg(KEY_PAGE_ADDRESS);
    write_cr4(read_cr4() | CR4_PKS);
    expect_rights(run, 0, "read under no bit: error code", "write under no bit: error code");
    expect_rights(run, PKRU_WD, "read under WD: error code", "write under WD: error code");
    expect_rights(run, PKRU_AD, "read under AD: error code", "write under AD: error code");
    *page.leaf |= PTE_U;
    invlpg(KEY_PAGE_ADDRESS);
    wrmsr(MSR_PKRS, pkru_with_rights(0, KEY, PKRU_WD));
    if (cpu_state.pku)
        write_pkru(0);
    expect_equal(run, "write to a user page under IA32_PKRS: exceptions", 0,
                 probe(probe_write, KEY_PAGE_ADDRESS, 1, 0).faulted);
    wrmsr(MSR_PKRS, 0);
    write_cr4(read_cr4() & ~CR4_PKS);
    key_page_leave(&page);
    record(run, "AD and WD on a supervisor page, neither on a user page");
}
