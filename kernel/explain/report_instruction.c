// SPDX-License-Identifier: MIT
/* Names instructions by their first bytes, and registers by their numbers. */
#include "kernel/explain/report_instruction.h"

#include "libc/include/string.h"

#define REX_W 0x08
#define REX_B 0x01

static bool is_legacy_prefix(uint8_t byte)
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e,
                                       0x36, 0x3e, 0x26, 0x64, 0x65};

    return memchr(prefixes, byte, sizeof(prefixes));
}

struct opcode opcode_of(const struct code_bytes *code)
{
    struct opcode opcode = {.bytes = code->bytes, .size = code->size};

    while (opcode.size && is_legacy_prefix(opcode.bytes[0])) {
        opcode.operand_size |= opcode.bytes[0] == 0x66;
        opcode.bytes++;
        opcode.size--;
    }
    if (opcode.size && (opcode.bytes[0] & 0xf0) == 0x40) {
        opcode.rex = *opcode.bytes++;
        opcode.size--;
    }
    return opcode;
}

/* What the byte after the opcode, ModRM, must be: its middle field names the instruction too. */
#define ANY         (-1)
#define REG(n)      (n)
#define MEMORY(n)   ((n) | 8) /* and the operand is in memory, not a register */
#define OPCODE(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})

struct pattern {
    const char *name;
    uint8_t bytes[3];
    uint8_t size;
    int8_t modrm; /* ANY, REG or MEMORY */
};

static bool modrm_matches(uint8_t modrm, int8_t wanted)
{
    bool in_memory = modrm >> 6 != 3;

    return (modrm >> 3 & 7) == (wanted & 7) && (in_memory || wanted < MEMORY(0));
}

static bool matches(const struct opcode *opcode, const struct pattern *pattern)
{
    if (opcode->size < pattern->size || memcmp(opcode->bytes, pattern->bytes, pattern->size) != 0)
        return false;
    if (pattern->modrm == ANY)
        return true;
    return opcode->size > pattern->size &&
           modrm_matches(opcode->bytes[pattern->size], pattern->modrm);
}

/* The name of the first pattern that fits, or NULL. */
static const char *find_pattern(const struct opcode *opcode, const struct pattern *patterns,
                                size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (matches(opcode, &patterns[i]))
            return patterns[i].name;
    return NULL;
}

/* clang-format off */
static const struct pattern wrpkru = {"WRPKRU", OPCODE(0x0f, 0x01, 0xef), ANY};
static const struct pattern rdpkru = {"RDPKRU", OPCODE(0x0f, 0x01, 0xee), ANY};
static const struct pattern ud2 = {"UD2", OPCODE(0x0f, 0x0b), ANY};

static const struct pattern ring0_only[] = {
    {"HLT", OPCODE(0xf4), ANY},
    {"SWAPGS", OPCODE(0x0f, 0x01, 0xf8), ANY},
    {"XSETBV", OPCODE(0x0f, 0x01, 0xd1), ANY},
    {"LLDT", OPCODE(0x0f, 0x00), REG(2)},
    {"LTR", OPCODE(0x0f, 0x00), REG(3)},
    {"LGDT", OPCODE(0x0f, 0x01), MEMORY(2)},
    {"LIDT", OPCODE(0x0f, 0x01), MEMORY(3)},
    {"LMSW", OPCODE(0x0f, 0x01), REG(6)},
    {"INVLPG", OPCODE(0x0f, 0x01), MEMORY(7)},
    {"CLTS", OPCODE(0x0f, 0x06), ANY},
    {"SYSRET", OPCODE(0x0f, 0x07), ANY},
    {"INVD", OPCODE(0x0f, 0x08), ANY},
    {"WBINVD", OPCODE(0x0f, 0x09), ANY},
    {"MOV from a control register", OPCODE(0x0f, 0x20), ANY},
    {"MOV from a debug register", OPCODE(0x0f, 0x21), ANY},
    {"MOV to a control register", OPCODE(0x0f, 0x22), ANY},
    {"MOV to a debug register", OPCODE(0x0f, 0x23), ANY},
    {"WRMSR", OPCODE(0x0f, 0x30), ANY},
    {"RDMSR", OPCODE(0x0f, 0x32), ANY},
    {"RDPMC", OPCODE(0x0f, 0x33), ANY},
    {"SYSEXIT", OPCODE(0x0f, 0x35), ANY},
};

static const struct pattern needs_iopl[] = {
    {"CLI", OPCODE(0xfa), ANY},
    {"STI", OPCODE(0xfb), ANY},
    {"IN", OPCODE(0xe4), ANY},
    {"IN", OPCODE(0xe5), ANY},
    {"OUT", OPCODE(0xe6), ANY},
    {"OUT", OPCODE(0xe7), ANY},
    {"IN", OPCODE(0xec), ANY},
    {"IN", OPCODE(0xed), ANY},
    {"OUT", OPCODE(0xee), ANY},
    {"OUT", OPCODE(0xef), ANY},
    {"INS", OPCODE(0x6c), ANY},
    {"INS", OPCODE(0x6d), ANY},
    {"OUTS", OPCODE(0x6e), ANY},
    {"OUTS", OPCODE(0x6f), ANY},
};

static const struct pattern hidden_by_umip[] = {
    {"SLDT", OPCODE(0x0f, 0x00), REG(0)},
    {"STR", OPCODE(0x0f, 0x00), REG(1)},
    {"SGDT", OPCODE(0x0f, 0x01), MEMORY(0)},
    {"SIDT", OPCODE(0x0f, 0x01), MEMORY(1)},
    {"SMSW", OPCODE(0x0f, 0x01), REG(4)},
};

static const struct pattern wants_alignment[] = {
    {"MOVAPS", OPCODE(0x0f, 0x28), ANY},
    {"MOVAPS", OPCODE(0x0f, 0x29), ANY},
    {"MOVNTPS", OPCODE(0x0f, 0x2b), ANY},
};

static const struct pattern wants_alignment_66[] = {
    {"MOVAPD", OPCODE(0x0f, 0x28), ANY},
    {"MOVAPD", OPCODE(0x0f, 0x29), ANY},
    {"MOVNTPD", OPCODE(0x0f, 0x2b), ANY},
    {"MOVDQA", OPCODE(0x0f, 0x6f), ANY},
    {"MOVDQA", OPCODE(0x0f, 0x7f), ANY},
    {"MOVNTDQ", OPCODE(0x0f, 0xe7), ANY},
};
/* clang-format on */

bool opcode_is_wrpkru(const struct opcode *opcode)
{
    return find_pattern(opcode, &wrpkru, 1);
}

bool opcode_is_rdpkru(const struct opcode *opcode)
{
    return find_pattern(opcode, &rdpkru, 1);
}

bool opcode_is_ud2(const struct opcode *opcode)
{
    return find_pattern(opcode, &ud2, 1);
}

bool opcode_is_int(const struct opcode *opcode)
{
    return opcode->size >= 2 && opcode->bytes[0] == 0xcd;
}

const char *opcode_ring0_only(const struct opcode *opcode)
{
    return find_pattern(opcode, ring0_only, array_size(ring0_only));
}

const char *opcode_needs_iopl(const struct opcode *opcode)
{
    return find_pattern(opcode, needs_iopl, array_size(needs_iopl));
}

const char *opcode_hidden_by_umip(const struct opcode *opcode)
{
    return find_pattern(opcode, hidden_by_umip, array_size(hidden_by_umip));
}

const char *opcode_wants_alignment(const struct opcode *opcode)
{
    if (opcode->operand_size)
        return find_pattern(opcode, wants_alignment_66, array_size(wants_alignment_66));
    return find_pattern(opcode, wants_alignment, array_size(wants_alignment));
}

/* ---- registers ---- */

/* By the number that instructions give it (SDM vol. 2A, table 2-2 and REX.B). */
struct named_register numbered_register(const struct trap_frame *frame, unsigned int number)
{
    const struct named_register registers[16] = {
        {"rax", frame->rax}, {"rcx", frame->rcx}, {"rdx", frame->rdx}, {"rbx", frame->rbx},
        {"rsp", frame->rsp}, {"rbp", frame->rbp}, {"rsi", frame->rsi}, {"rdi", frame->rdi},
        {"r8", frame->r8},   {"r9", frame->r9},   {"r10", frame->r10}, {"r11", frame->r11},
        {"r12", frame->r12}, {"r13", frame->r13}, {"r14", frame->r14}, {"r15", frame->r15},
    };

    return registers[number % 16];
}

/* DIV and IDIV are F6 and F7 with 6 or 7 in the middle of the next byte (SDM vol. 2A, DIV). */
bool opcode_divisor(const struct opcode *opcode, const struct trap_frame *frame,
                    struct named_register *divisor)
{
    if (opcode->size < 2 || (opcode->bytes[0] & 0xfe) != 0xf6 || (opcode->bytes[1] & 0xf0) != 0xf0)
        return false;
    bool is_byte = opcode->bytes[0] == 0xf6;
    unsigned int number = opcode->bytes[1] & 7;

    /* AH, CH, DH and BH have the numbers 4 to 7 in an instruction without REX. */
    if (is_byte && !opcode->rex && number >= 4)
        return false;
    *divisor = numbered_register(frame, number | (opcode->rex & REX_B ? 8 : 0));
    if (is_byte)
        divisor->value = (uint8_t)divisor->value;
    else if (opcode->operand_size && !(opcode->rex & REX_W))
        divisor->value = (uint16_t)divisor->value;
    else if (!(opcode->rex & REX_W))
        divisor->value = (uint32_t)divisor->value;
    return true;
}
