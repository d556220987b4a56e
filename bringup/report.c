// SPDX-License-Identifier: MIT
#include "bringup/report.h"

#include <stdarg.h>
#include <stddef.h>

#include "kernel/call/uname.h"
#include "kernel/console/console.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

#define LINE_SIZE      1400
#define CRC_INITIAL    0xffffu
#define CRC_POLYNOMIAL 0x1021u

/* The line in the making; one CPU reports for all. */
static struct {
    char text[LINE_SIZE];
    size_t length;
} line;

static struct report_totals totals;

/* CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xffff, no reflection, no final XOR. */
static uint16_t crc16(const void *bytes, unsigned int count)
{
    const uint8_t *at = bytes;
    uint32_t crc = CRC_INITIAL;

    while (count--) {
        crc ^= (uint32_t)*at++ << 8;
        for (unsigned int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ CRC_POLYNOMIAL : crc << 1;
        crc &= 0xffff;
    }
    return (uint16_t)crc;
}

static void __attribute__((format(printf, 1, 2))) add(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line.text + line.length, LINE_SIZE - line.length, format, arguments);
    va_end(arguments);
    line.length += strlen(line.text + line.length);
}

static void end_line(void)
{
    kprintf(KERN_RESULT "%s # crc=%04x\n", line.text, crc16(line.text, (unsigned int)line.length));
    line.length = 0;
}

/* What would end the text or the line early becomes something that does not. */
static void add_text(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        add("%c", c == '"' || c == '\\' ? '\'' : c == '#' ? '.' : c < ' ' || c > '~' ? '?' : c);
    }
}

static void add_field(const char *name, const char *text)
{
    if (!*text)
        return;
    add(" %s=\"", name);
    add_text(text);
    add("\"");
}

void report_begin(const struct report_head *head)
{
    totals = (struct report_totals){0, 0, 0};
    kprintf(KERN_RESULT "KTAP version 1\n1..%u\n", head->results);
    add("# bringup begin format=1 results=%u cpus=%u absent=%u tests=%u seed=%#lx emulator=%s",
        head->results, head->cpus, head->absent, head->tests, head->seed, head->emulator);
    add_field("model", head->brand);
    add_field("kernel", kernel_uname.version);
    end_line();
}

static void count(enum outcome outcome)
{
    totals.passed += outcome == OUTCOME_PASS;
    totals.failed += outcome == OUTCOME_FAIL;
    totals.skipped += outcome == OUTCOME_SKIP;
}

void report_result(const struct subject *subject, const struct result *result)
{
    count(result->outcome);
    add("%s %u - %s cpu=", result->outcome == OUTCOME_FAIL ? "not ok" : "ok",
        totals.passed + totals.failed + totals.skipped, subject->test);
    if (subject->cpu < 0)
        add("-");
    else
        add("%d", subject->cpu);
    add(" apic=%u phase=%s", subject->apic_id, subject->phase);
    add_field("expected", result->expected);
    add_field("found", result->found);
    add_field("known", result->known);
    add_field("warning", result->warning);
    if (result->outcome == OUTCOME_SKIP) {
        add(" # SKIP ");
        add_text(result->reason);
    }
    end_line();
}

struct report_totals report_end(void)
{
    add("# bringup end pass=%u fail=%u skip=%u total=%u verdict=%s", totals.passed, totals.failed,
        totals.skipped, totals.passed + totals.failed + totals.skipped,
        totals.failed ? "fail" : "pass");
    end_line();
    return totals;
}
