// SPDX-License-Identifier: MIT
/*
 * What GCC's -fsanitize=kernel-address calls, by its names, and the tables that it makes.
 */
#ifndef SANITIZERS_KASAN_ABI_H
#define SANITIZERS_KASAN_ABI_H

#include <stddef.h>
#include <stdint.h>

#define KASAN_ALLOCA_ZONE 32

/* In a function that the compiler calls: whose access it is about. */
#define CALLER ((uintptr_t)__builtin_return_address(0))

/* A global variable, as a file's constructor hands it over. */
struct kasan_global {
    uintptr_t start;
    size_t size;
    size_t size_with_zone;
    const char *name;
    const char *file;
    uintptr_t has_dynamic_init;
    const void *location;
    uintptr_t odr_indicator;
};

/* The first words of a frame with red zones. */
#define KASAN_FRAME_MAGIC 0x41b58ab3ul

struct kasan_frame {
    uint64_t magic;
    const char *variables; /* count, then offset, size, length of the name and the name of each */
    uintptr_t function;
};

#define KASAN_DECLARE(size)                                     \
    void __asan_load##size##_noabort(uintptr_t address);        \
    void __asan_store##size##_noabort(uintptr_t address);       \
    void __asan_report_load##size##_noabort(uintptr_t address); \
    void __asan_report_store##size##_noabort(uintptr_t address)

KASAN_DECLARE(1);
KASAN_DECLARE(2);
KASAN_DECLARE(4);
KASAN_DECLARE(8);
KASAN_DECLARE(16);

void __asan_loadN_noabort(uintptr_t address, size_t size);
void __asan_storeN_noabort(uintptr_t address, size_t size);
void __asan_report_load_n_noabort(uintptr_t address, size_t size);
void __asan_report_store_n_noabort(uintptr_t address, size_t size);
void __asan_handle_no_return(void);
void __asan_alloca_poison(uintptr_t address, size_t size);
void __asan_allocas_unpoison(uintptr_t top, uintptr_t bottom);
void __asan_register_globals(const struct kasan_global *globals, size_t count);
void __asan_unregister_globals(const struct kasan_global *globals, size_t count);

/* In place of libc/core's memory functions, by the linker's --wrap. */
void *__wrap_memcpy(void *to, const void *from, size_t count);
void *__wrap_memmove(void *to, const void *from, size_t count);
void *__wrap_memset(void *memory, int byte, size_t count);
int __wrap_memcmp(const void *left, const void *right, size_t count);
void *__wrap_memchr(const void *memory, int byte, size_t count);
void *__real_memcpy(void *to, const void *from, size_t count);
void *__real_memmove(void *to, const void *from, size_t count);
int __real_memcmp(const void *left, const void *right, size_t count);
void *__real_memchr(const void *memory, int byte, size_t count);

#endif
