// SPDX-License-Identifier: MIT
/*
 * Memory mappings and protection keys.
 */
#ifndef LIBC_SYS_MMAN_H
#define LIBC_SYS_MMAN_H

#include <stddef.h>

#include <sys/types.h>

#include <linux/memfd.h>
#include <linux/mman.h>

#define MAP_FAILED ((void *)-1)

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
int munmap(void *address, size_t size);
int mprotect(void *address, size_t size, int protection);
void *mremap(void *address, size_t old_size, size_t new_size, int flags, ...);
int madvise(void *address, size_t size, int advice);
int mincore(void *address, size_t size, unsigned char *resident);

/*
 * A new key, 1 to 15, to which this thread has the given rights: 0, or PKEY_DISABLE_ACCESS and
 * PKEY_DISABLE_WRITE. flags must be 0. -1 and ENOSPC when all keys are taken.
 */
int pkey_alloc(unsigned int flags, unsigned int rights);

/* Gives the key back. Areas that still have it keep it. */
int pkey_free(int key);

/* mprotect() that also gives the areas a key; key -1 leaves them theirs. */
int pkey_mprotect(void *address, size_t size, int protection, int key);

/*
 * Read and change this thread's rights to a key, in its PKRU register, without a system call.
 * EINVAL if there can be no such key or right. On a CPU where protection keys are off they end
 * in SIGILL, as the instructions do.
 */
int pkey_get(int key);
int pkey_set(int key, unsigned int rights);

#endif
