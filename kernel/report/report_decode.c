// SPDX-License-Identifier: MIT
/*
 * What a report and a panic both have: the form of rows, and what is decoded in them, vectors, the
 * error code of a page fault, the walk through the tables, PKRU, the registers. Takes no lock and
 * no memory, so that a panic may call it.
 */
#include <stdarg.h>
#include <stdbool.h>

#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/console/console.h"
#include "kernel/report/report.h"
#include "libc/core/format.h"
#include "mm/table/page_table.h"

/* ---- the form of rows ---- */

#define CONTENT_WIDTH (80 - 9)

void text_add(struct report_text *text, const char *format, ...)
{
    size_t room = sizeof(text->bytes) - text->used;
    va_list arguments;

    va_start(arguments, format);
    int count = vsnprintf(text->bytes + text->used, room, format, arguments);
    va_end(arguments);
    text->used += (size_t)count < room ? (size_t)count : room - 1;
}

void text_add_size(struct report_text *text, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned int unit = 0;
    bool exact = true;

    /* From 10,000 of a unit on, the next one is good enough. */
    while (unit + 1 < array_size(units) && bytes && (bytes % 1024 == 0 || bytes >= 10000)) {
        exact &= bytes % 1024 == 0;
        bytes /= 1024;
        unit++;
    }
    text_add(text, "%s%lu %s", exact ? "" : "about ", bytes,
             bytes == 1 && unit == 0 ? "byte" : units[unit]);
}

/* How many bytes of text go on one line: up to the last space that fits. */
static size_t line_length(const char *text, size_t size)
{
    size_t length = CONTENT_WIDTH;

    if (size <= CONTENT_WIDTH)
        return size;
    while (length && text[length] != ' ')
        length--;
    return length ? length : CONTENT_WIDTH;
}

void report_line(const char *label, const struct report_text *text)
{
    kprintf_private(REPORT_LABEL "%s\n", label, text->bytes);
}

void report_sentence(const char *label, const struct report_text *text)
{
    const char *rest = text->bytes;
    size_t size = text->used;

    while (size) {
        size_t length = line_length(rest, size);

        kprintf_private(REPORT_LABEL "%.*s\n", label, (int)length, rest);
        label = "";
        if (length < size && rest[length] == ' ')
            length++;
        rest += length;
        size -= length;
    }
}

/* ---- exceptions ---- */

const char *report_vector_name(uint64_t vector)
{
    static const char *const names[] = {
        [VECTOR_DE] = "#DE divide error",
        [VECTOR_DB] = "#DB debug exception",
        [VECTOR_NMI] = "NMI",
        [VECTOR_BP] = "#BP breakpoint",
        [VECTOR_OF] = "#OF overflow",
        [VECTOR_BR] = "#BR bound range exceeded",
        [VECTOR_UD] = "#UD invalid opcode",
        [VECTOR_NM] = "#NM no math coprocessor",
        [VECTOR_DF] = "#DF double fault",
        [VECTOR_TS] = "#TS invalid TSS",
        [VECTOR_NP] = "#NP segment not present",
        [VECTOR_SS] = "#SS stack-segment fault",
        [VECTOR_GP] = "#GP general protection",
        [VECTOR_PF] = "#PF page fault",
        [VECTOR_MF] = "#MF x87 floating-point error",
        [VECTOR_AC] = "#AC alignment check",
        [VECTOR_MC] = "#MC machine check",
        [VECTOR_XM] = "#XM SIMD floating-point exception",
    };

    if (vector == VECTOR_SYSCALL)
        return "system call";
    if (vector < array_size(names) && names[vector])
        return names[vector];
    return vector < VECTOR_IRQ_FIRST ? "reserved exception" : "interrupt";
}

void report_error_code(uint64_t code)
{
    kprintf_private(REPORT_LABEL "0x%lx: P=%u %s, W=%u %s, U=%u %s, RSVD=%u, I=%u%s, PK=%u%s\n",
                    "error", code, !!(code & X86_PF_PROT),
                    code & X86_PF_PROT ? "present" : "not present", !!(code & X86_PF_WRITE),
                    code & X86_PF_WRITE ? "write" : "read", !!(code & X86_PF_USER),
                    code & X86_PF_USER ? "ring 3" : "kernel", !!(code & X86_PF_RSVD),
                    !!(code & X86_PF_INSTR), code & X86_PF_INSTR ? " fetch" : " data",
                    !!(code & X86_PF_PK), code & X86_PF_PK ? " key" : "");
}

/* ---- the walk ---- */

static const char *const level_names[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};

static void report_entry(pte_t entry, unsigned int level, uintptr_t address)
{
    static const char *const spans[] = {"", "4 KiB", "2 MiB", "1 GiB", "512 GiB"};
    struct report_text text = {0};
    uint64_t bits = entry.value;
    bool leaf = pte_is_leaf(entry, level);

    text_add(&text, "%-5s %3u  %016lx  ", level_names[level], pte_index(address, level), bits);
    if (pte_is_empty(entry)) {
        text_add(&text, "empty: nothing is mapped in its %s", spans[level]);
    } else {
        text_add(&text, "%s %10lx  %c %c %c %c %c %c %s", leaf ? "page " : "table",
                 pte_address(entry).value, bits & PTE_P ? 'P' : '-', bits & PTE_W ? 'W' : '-',
                 bits & PTE_U ? 'U' : '-', bits & PTE_A ? 'A' : '-',
                 leaf && (bits & PTE_D) ? 'D' : '-', leaf && (bits & PTE_G) ? 'G' : '-',
                 bits & PTE_NX ? "NX" : "--");
        if (leaf && (bits & PTE_U))
            text_add(&text, "  key %u", pte_key(entry));
    }
    report_line("", &text);
    if (!pte_is_empty(entry) && !pte_is_present(entry))
        kprintf_private(
            REPORT_LABEL "           P=0: no access, but the entry keeps its page and key\n", "");
}

void report_page_path(paddr_t root, uintptr_t address, const struct pt_path *path)
{
    kprintf_private(REPORT_LABEL "of %016lx by CR3 = %lx\n", "walk", address, root.value);
    for (unsigned int level = PTE_LEVELS; level >= path->level && level >= 1; level--)
        report_entry(path->entry[level], level, address);
}

void report_page_walk(paddr_t root, uintptr_t address)
{
    struct pt_path path;

    pt_read_path(root, address, &path);
    report_page_path(root, address, &path);
}

/* ---- PKRU ---- */

enum key_rights {
    KEY_OPEN,
    KEY_NO_WRITE,
    KEY_NO_ACCESS,
    KEY_RIGHTS_COUNT
};

static enum key_rights rights_of(uint32_t pkru, unsigned int key)
{
    uint32_t rights = pkru_rights(pkru, key);

    if (rights & PKRU_AD)
        return KEY_NO_ACCESS;
    return rights & PKRU_WD ? KEY_NO_WRITE : KEY_OPEN;
}

static unsigned int count_keys(uint32_t pkru, enum key_rights rights)
{
    unsigned int count = 0;

    for (unsigned int key = 0; key < PKEY_COUNT; key++)
        count += rights_of(pkru, key) == rights;
    return count;
}

/* The keys with these rights, such as "1,3-5". */
static void add_keys(struct report_text *text, uint32_t pkru, enum key_rights rights)
{
    const char *separator = "";

    for (unsigned int key = 0; key < PKEY_COUNT; key++) {
        unsigned int last = key;
        if (rights_of(pkru, key) != rights)
            continue;
        while (last + 1 < PKEY_COUNT && rights_of(pkru, last + 1) == rights)
            last++;
        text_add(text, last > key ? "%s%u-%u" : "%s%u", separator, key, last);
        key = last;
        separator = ",";
    }
}

void report_pkru(uint32_t pkru)
{
    static const char *const words[] = {"open", "no write", "no access"};
    struct report_text text = {0};
    const char *separator = NULL;

    if (!cpu_state.pku) {
        kprintf_private(REPORT_LABEL "none: protection keys are %s\n", "PKRU",
                        this_cpu_has(X86_FEATURE_PKU) ? "off" : "not in this CPU");
        return;
    }
    text_add(&text, "%08x: ", pkru);
    for (enum key_rights rights = KEY_OPEN; rights < KEY_RIGHTS_COUNT; rights++) {
        unsigned int count = count_keys(pkru, rights);
        if (!count)
            continue;
        if (!separator)
            separator = count == 1 ? "key " : "keys ";
        text_add(&text, "%s", separator);
        add_keys(&text, pkru, rights);
        text_add(&text, " %s", words[rights]);
        separator = "; ";
    }
    report_sentence("PKRU", &text);
}

/* ---- registers ---- */

void report_registers(const struct trap_frame *frame)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        {"rax", frame->rax}, {"rbx", frame->rbx},      {"rcx", frame->rcx}, {"rdx", frame->rdx},
        {"rsi", frame->rsi}, {"rdi", frame->rdi},      {"rbp", frame->rbp}, {"rsp", frame->rsp},
        {"r8", frame->r8},   {"r9", frame->r9},        {"r10", frame->r10}, {"r11", frame->r11},
        {"r12", frame->r12}, {"r13", frame->r13},      {"r14", frame->r14}, {"r15", frame->r15},
        {"rip", frame->rip}, {"flags", frame->rflags},
    };

    for (unsigned int i = 0; i < array_size(registers); i += 3)
        kprintf_private("%-5s %016lx  %-5s %016lx  %-5s %016lx\n", registers[i].name,
                        registers[i].value, registers[i + 1].name, registers[i + 1].value,
                        registers[i + 2].name, registers[i + 2].value);
}
