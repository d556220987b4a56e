// SPDX-License-Identifier: MIT
// Memory mappings, the program break and protection keys.

#include <sys/mman.h>

#include <errno.h>
#include <latchkey/pkey.h>
#include <latchkey/syscalls.h>
#include <latchkey/vdso.h>
#include <pkru.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/internal.h"

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    return (void *)syscall(__NR_mmap, address, size, protection, flags, descriptor, offset);
}

int munmap(void *address, size_t size)
{
    return (int)syscall(__NR_munmap, address, size);
}

int mprotect(void *address, size_t size, int protection)
{
    return (int)syscall(__NR_mprotect, address, size, protection);
}

void *mremap(void *address, size_t old_size, size_t new_size, int flags, ...)
{
    va_list arguments;
    void *new_address;

    va_start(arguments, flags);
    new_address = (flags & MREMAP_FIXED) ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    return (void *)syscall(__NR_mremap, address, old_size, new_size, flags, new_address);
}

int madvise(void *address, size_t size, int advice)
{
    return (int)syscall(__NR_madvise, address, size, advice);
}

int mincore(void *address, size_t size, unsigned char *resident)
{
    return (int)syscall(__NR_mincore, address, size, resident);
}

int getpagesize(void)
{
    return (int)getauxval(AT_PAGESZ);
}

/* The kernel answers with the break as it is then, changed or not. */
static uintptr_t kernel_brk(uintptr_t end)
{
    return (uintptr_t)syscall(__NR_brk, end);
}

int brk(void *end)
{
    if (kernel_brk((uintptr_t)end) != (uintptr_t)end) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

void *sbrk(intptr_t change)
{
    uintptr_t end = kernel_brk(0);

    if (change != 0 && brk((void *)(end + (uintptr_t)change)) < 0)
        return (void *)-1;
    return (void *)end;
}

int pkey_alloc(unsigned int flags, unsigned int rights)
{
    return (int)syscall(__NR_pkey_alloc, flags, rights);
}

int pkey_free(int key)
{
    return (int)syscall(__NR_pkey_free, key);
}

int pkey_query(int key, struct pkey_usage *usage, size_t size, struct pkey_thread *threads,
               size_t count)
{
    return (int)syscall(__NR_pkey_query, key, usage, size, threads, count);
}

int pkey_release(int key, unsigned int how, int new_key)
{
    return (int)syscall(__NR_pkey_release, key, how, new_key);
}

int pkey_policy(int key, unsigned int set, unsigned int clear)
{
    return (int)syscall(__NR_pkey_policy, key, set, clear);
}

int pkey_mprotect(void *address, size_t size, int protection, int key)
{
    return (int)syscall(__NR_pkey_mprotect, address, size, protection, key);
}

/* NULL where there is none. Threads that look at the same time find the same. */
static int (*vdso_pkey_set(void))(int, unsigned int)
{
    static int (*function)(int, unsigned int);

    if (!function)
        function =
            (int (*)(int, unsigned int))(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_set");
    return function;
}

int pkey_get(int key)
{
    if (key < 0 || key >= PKRU_KEYS) {
        errno = EINVAL;
        return -1;
    }
    return (int)(pkru_read() >> (2 * key) & PKEY_ACCESS_MASK);
}

/*
 * By the vDSO, which the kernel knows: a thread that is inside begins anew when another one changes
 * its rights, and WRPKRU goes away with the first key that is closed. This library has none.
 */
int pkey_set(int key, unsigned int rights)
{
    return vdso_pkey_set() ? pkey_set_by_vdso(key, rights) : pkey_set_by_call(key, rights);
}

int pkey_get_by_call(int key)
{
    return (int)syscall(__NR_pkey_get, key);
}

int pkey_set_by_call(int key, unsigned int rights)
{
    return (int)syscall(__NR_pkey_set, key, rights);
}

int pkey_get_by_vdso(int key)
{
    static int (*function)(int);

    if (!function)
        function = (int (*)(int))(uintptr_t)vdso_function(VDSO_LATCHKEY, "__vdso_pkey_get");
    return (int)libc_result(function ? function(key) : -ENOSYS);
}

int pkey_set_by_vdso(int key, unsigned int rights)
{
    int (*function)(int, unsigned int) = vdso_pkey_set();

    return (int)libc_result(function ? function(key, rights) : -ENOSYS);
}

int pkey_set_thread(int key, unsigned int rights, pid_t tid)
{
    return (int)syscall(__NR_pkey_set_thread, key, rights, tid);
}

int pkey_set_all(int key, unsigned int rights)
{
    return (int)syscall(__NR_pkey_set_all, key, rights);
}
