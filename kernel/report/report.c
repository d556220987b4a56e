// SPDX-License-Identifier: MIT
/*
 * The explained report of a program's end by a signal: gathers the facts, prints them in rows and
 * ends with the sentence that says why.
 */
#include "kernel/report/report.h"

#include <asm/mman.h>

#include "arch/cpu/bug.h"
#include "kernel/console/console.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "libc/core/format.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/space/address_space.h"
#include "mm/space/keys.h"

/* ---- gathering ---- */

/* A program may send itself a signal that looks like a fault's; then the frame is a call's. */
static bool is_page_fault(const struct trap_frame *frame, const siginfo_t *info)
{
    if (frame->vector != VECTOR_PF)
        return false;
    if (info->si_signo == SIGBUS)
        return info->si_code == BUS_ADRERR;
    return info->si_signo == SIGSEGV && info->si_code >= SEGV_MAPERR &&
           info->si_code <= SEGV_PKUERR;
}

static void gather(struct fault_facts *facts, struct address_space *space)
{
    space_lock_read(space);
    if (facts->page_fault) {
        facts->address = (uintptr_t)facts->info->si_addr;
        pt_read_path(space->root, facts->address, &facts->path);
        struct vma *vma = vma_find(&space->vmas, facts->address);
        if (vma_holds(vma, facts->address))
            facts->vma = *vma;
        if (facts->vma.object) {
            facts->object_byte = (vma->object_page << PAGE_SHIFT) + facts->address - vma->start;
            facts->object_size = vma->object->size;
        }
    }
    facts->execute_only_key = keys_execute_only(&space->key_map);
    space_unlock_read(space);
}

/* ---- rows ---- */

static const char *signal_name(int signal)
{
    static const char *const names[] = {
        [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
        [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",   [SIGSEGV] = "SIGSEGV", [SIGXCPU] = "SIGXCPU",
        [SIGXFSZ] = "SIGXFSZ", [SIGKILL] = "SIGKILL", [SIGSYS] = "SIGSYS",
    };

    return (size_t)signal < array_size(names) && names[signal] ? names[signal] : "a signal";
}

static const char *code_name(const siginfo_t *info)
{
    if (info->si_signo == SIGBUS)
        return " (BUS_ADRERR)";
    switch (info->si_code) {
    case SEGV_MAPERR:
        return " (SEGV_MAPERR)";
    case SEGV_ACCERR:
        return " (SEGV_ACCERR)";
    case SEGV_PKUERR:
        return " (SEGV_PKUERR)";
    default:
        return "";
    }
}

static void report_access(const struct fault_facts *facts)
{
    uint64_t code = facts->frame->error_code;
    uintptr_t rip = facts->frame->rip;
    const char *who = code & X86_PF_USER ? "in ring 3" : "by the kernel on its behalf";

    if (!(code & X86_PF_INSTR))
        kprintf_private(REPORT_LABEL "%s 0x%lx by the instruction at 0x%lx, %s\n", "access",
                        code & X86_PF_WRITE ? "write to" : "read of", facts->address, rip, who);
    else if (facts->address == rip)
        kprintf_private(REPORT_LABEL "fetch of the instruction at 0x%lx, %s\n", "access", rip, who);
    else
        kprintf_private(REPORT_LABEL "fetch of 0x%lx by the instruction at 0x%lx, %s\n", "access",
                        facts->address, rip, who);
}

static void add_vma(struct report_text *text, const struct vma *vma)
{
    text_add(text, "%lx-%lx %c%c%c key %u, %s, ", vma->start, vma->end,
             vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
             vma->prot & PROT_EXEC ? 'x' : '-', vma->key,
             vma->flags & VMA_SHARED ? "shared" : "private");
    if (vma->name)
        text_add(text, "%s, ", vma->name);
    else if (vma->object)
        text_add(text, "file from byte 0x%lx, ", vma->object_page << PAGE_SHIFT);
    text_add_size(text, vma->end - vma->start);
}

void report_vma(const char *label, const struct vma *vma)
{
    struct report_text text = {0};

    if (!vma_exists(vma))
        return;
    add_vma(&text, vma);
    report_sentence(label, &text);
}

void report_fatal_signal(const struct trap_frame *frame, const siginfo_t *info, uint32_t pkru)
{
    struct task *task = current();
    char name[sizeof(task->name)], thread[24] = "";
    struct report_text why = {0};
    struct fault_facts facts = {
        .frame = frame, .info = info, .pkru = pkru, .page_fault = is_page_fault(frame, info)};

    assert(!kernel_lock_is_mine());
    gather(&facts, task->space);
    if (task->tid != task->process->pid)
        snprintf(thread, sizeof(thread), ", thread %d", task->tid);
    kprintf_private("---- fault report: %s (pid %d%s) ended by %s%s\n",
                    console_name(name, sizeof(name), task->name), task->process->pid, thread,
                    signal_name(info->si_signo), facts.page_fault ? code_name(info) : "");
    if (facts.page_fault)
        report_access(&facts);
    TELL(fault_report, &facts);
    if (facts.page_fault) {
        report_vma("area", &facts.vma);
        report_error_code(frame->error_code);
        report_page_path(task->space->root, facts.address, &facts.path);
        report_pkru(pkru);
    }
    report_registers(frame);
    if (!ASK(fault_reason, &why, &facts)) {
        if (facts.page_fault)
            why_page_fault(&why, &facts);
        else
            text_add(&why, "The signal ends a program that has no handler for it");
    }
    text_add(&why, ".");
    report_sentence("why", &why);
    kprintf_private("---- end of report\n");
}
