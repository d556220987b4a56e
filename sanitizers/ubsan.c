// SPDX-License-Identifier: MIT
/*
 * What code made by -fsanitize=undefined calls when it is about to do what C leaves undefined. Each
 * handler says where, what and with which values, and ends in a panic:
 *
 *     UBSAN: mm/page/page.c:120:28: shift: 1 << 64 (int by unsigned int)
 *
 * The names and the structures are the compilers' (gcc/ubsan.cc, and LLVM's after it): data is laid
 * out beside the code, and a value of up to 64 bits is handed over in a register. A name with
 * _abort is the handler that need not return. Nothing here is checked itself.
 */
#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/types.h"
#include "kernel/report/panic.h"
#include "libc/core/format.h"

#define TYPE_INTEGER 0
#define VALUE_SIZE   24

struct location {
    const char *file;
    uint32_t line, column;
};

struct type {
    uint16_t kind;
    uint16_t info; /* of an integer: bit 0: it has a sign; above: its width as a power of two */
    char name[];
};

struct typed_data {
    struct location location;
    const struct type *type;
};

/* Of a shift: both sides; of an index: the array and the index. */
struct two_types_data {
    struct location location;
    const struct type *types[2];
};

struct access_data {
    struct location location;
    const struct type *type;
    uint8_t log_alignment;
    uint8_t kind; /* of access */
};

/* Of code that must not be reached, and of calls; what stands behind the location is not needed. */
struct plain_data {
    struct location location;
};

static bool is_signed(const struct type *type)
{
    return type->kind == TYPE_INTEGER && type->info & 1;
}

static unsigned int width_of(const struct type *type)
{
    return 1u << (type->info >> 1);
}

/* A value as it is handed over, in digits; one that is wider than a register is not shown. */
static const char *digits(char text[VALUE_SIZE], const struct type *type, uint64_t value)
{
    if (type->kind != TYPE_INTEGER || width_of(type) > 64) {
        snprintf(text, VALUE_SIZE, "a value");
        return text;
    }
    unsigned int unused = 64 - width_of(type);
    if (is_signed(type))
        snprintf(text, VALUE_SIZE, "%ld", (int64_t)(value << unused) >> unused);
    else
        snprintf(text, VALUE_SIZE, "%lu", value << unused >> unused);
    return text;
}

/* On a line of its own, behind the panic's: from there on the console takes no lock. */
#define report(location, format, ...)                                                          \
    panic("undefined behaviour\nUBSAN: %s:%u:%u: " format, (location)->file, (location)->line, \
          (location)->column, ##__VA_ARGS__)

/* Only the compiler calls them, so each is declared where it stands. */
#define HANDLER(name, ...)                   \
    void __ubsan_handle_##name(__VA_ARGS__); \
    void __ubsan_handle_##name(__VA_ARGS__)

/* ---- arithmetic ---- */

static void __attribute__((noreturn))
overflow(const struct typed_data *data, const char *sign, uint64_t left, uint64_t right)
{
    char texts[2][VALUE_SIZE];

    report(&data->location, "overflow: %s %s %s does not fit into %s",
           digits(texts[0], data->type, left), sign, digits(texts[1], data->type, right),
           data->type->name);
}

HANDLER(add_overflow_abort, const struct typed_data *data, uint64_t left, uint64_t right)
{
    overflow(data, "+", left, right);
}

HANDLER(sub_overflow_abort, const struct typed_data *data, uint64_t left, uint64_t right)
{
    overflow(data, "-", left, right);
}

HANDLER(mul_overflow_abort, const struct typed_data *data, uint64_t left, uint64_t right)
{
    overflow(data, "*", left, right);
}

HANDLER(negate_overflow_abort, const struct typed_data *data, uint64_t value)
{
    overflow(data, "-", 0, value);
}

/* By zero, or of the smallest number by -1. */
HANDLER(divrem_overflow_abort, const struct typed_data *data, uint64_t left, uint64_t right)
{
    char texts[2][VALUE_SIZE];

    report(&data->location, "division: %s / %s (%s)", digits(texts[0], data->type, left),
           digits(texts[1], data->type, right), data->type->name);
}

HANDLER(shift_out_of_bounds_abort, const struct two_types_data *data, uint64_t left, uint64_t right)
{
    char texts[2][VALUE_SIZE];

    report(&data->location, "shift: %s by %s (%s by %s)", digits(texts[0], data->types[0], left),
           digits(texts[1], data->types[1], right), data->types[0]->name, data->types[1]->name);
}

/* ---- memory ---- */

HANDLER(out_of_bounds_abort, const struct two_types_data *data, uint64_t index)
{
    char text[VALUE_SIZE];

    report(&data->location, "index: %s is outside of %s", digits(text, data->types[1], index),
           data->types[0]->name);
}

static const char *access_name(unsigned int kind)
{
    static const char *const names[] = {"load from", "store to", "reference to", "member of"};

    return kind < array_size(names) ? names[kind] : "use of";
}

HANDLER(type_mismatch_v1_abort, const struct access_data *data, uintptr_t address)
{
    uintptr_t alignment = (uintptr_t)1 << data->log_alignment;
    const char *kind = access_name(data->kind);
    const char *name = data->type->name;

    if (!address)
        report(&data->location, "null: %s a null pointer to %s", kind, name);
    if (address & (alignment - 1))
        report(&data->location, "alignment: %s %#lx, which for %s has to be a multiple of %lu",
               kind, address, name, alignment);
    report(&data->location, "object-size: %s %#lx, where there is no room for %s", kind, address,
           name);
}

HANDLER(pointer_overflow_abort, const struct plain_data *data, uintptr_t base, uintptr_t result)
{
    report(&data->location, "pointer: %#lx becomes %#lx", base, result);
}

HANDLER(nonnull_arg_abort, const struct plain_data *data)
{
    report(&data->location, "null: an argument that must not be null is");
}

HANDLER(nonnull_return_v1_abort, const struct plain_data *data, const struct location *location)
{
    (void)data;
    report(location, "null: a result that must not be null is");
}

/* ---- values and control ---- */

HANDLER(load_invalid_value_abort, const struct typed_data *data, uint64_t value)
{
    report(&data->location, "value: %lu is none of %s", value, data->type->name);
}

HANDLER(vla_bound_not_positive_abort, const struct typed_data *data, uint64_t bound)
{
    char text[VALUE_SIZE];

    report(&data->location, "vla-bound: an array of %s elements", digits(text, data->type, bound));
}

HANDLER(invalid_builtin_abort, const struct plain_data *data)
{
    report(&data->location, "builtin: zeros of the value 0 are counted");
}

/* There is no other kind of these two: nothing can stand behind them. */
HANDLER(builtin_unreachable, const struct plain_data *data)
{
    report(&data->location, "unreachable: what cannot be reached is");
}

HANDLER(missing_return, const struct plain_data *data)
{
    report(&data->location, "return: the end of a function that returns a value");
}
