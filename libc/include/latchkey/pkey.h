// SPDX-License-Identifier: MIT
/* What Latchkey can do with protection keys beyond Linux; there each call fails with ENOSYS. */
#ifndef LATCHKEY_PKEY_H
#define LATCHKEY_PKEY_H

#include <latchkey/syscalls.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Sets the rights to one key, as pkey_set() has them, in all threads of the process: see
 * docs/pkey_set_all.2.md. 0, or -1 with EACCES (by a policy), EINVAL (no such key or right) or
 * ENOSYS.
 */
int pkey_set_all(int key, unsigned int rights);

/*
 * The same in one thread, of this process or another, by its tid: see docs/pkey_set_thread.2.md. 0,
 * or -1 with EACCES, EINVAL, ENOSYS, EPERM (who may not trace it) or ESRCH.
 */
int pkey_set_thread(int key, unsigned int rights, pid_t tid);

/*
 * pkey_get() and pkey_set() of <sys/mman.h> as system calls, which refuse a key that is not
 * allocated: see docs/pkey_get.2.md. The rights, or 0; or -1 with EACCES (to set them, by a
 * policy), EINVAL or ENOSYS.
 */
int pkey_get_by_call(int key);
int pkey_set_by_call(int key, unsigned int rights);

/*
 * The same as functions of the vDSO, which know nothing of allocation. -1 with EINVAL when there
 * can be no such key or right, and on a CPU where keys are off; with ENOSYS when the vDSO has no
 * such function.
 */
int pkey_get_by_vdso(int key);
int pkey_set_by_vdso(int key, unsigned int rights);

/*
 * What is under a key and which thread has which rights to it. usage gets size bytes, none with
 * size 0, and threads as many entries as there are threads, at most count. See
 * docs/pkey_query.2.md. The number of threads, or -1 with EBADF (not allocated), EFAULT, EINVAL or
 * ENOSYS.
 */
int pkey_query(int key, struct pkey_usage *usage, size_t size, struct pkey_thread *threads,
               size_t count);

/*
 * pkey_free() for a key under which memory may be: how is one of PKEY_RELEASE_*, and new_key the
 * key for PKEY_RELEASE_MOVE and else 0. See docs/pkey_release.2.md. 0, or -1 with EACCES (by a
 * policy), EBUSY, EINVAL or ENOSYS.
 */
int pkey_release(int key, unsigned int how, int new_key);

/*
 * Gives a key the policies in set and takes those in clear from it, PKEY_GUARDED and so on; with
 * neither it only asks. See docs/pkey_policy.2.md. The policies that the key had, or -1 with
 * EACCES, EINVAL or ENOSYS.
 */
int pkey_policy(int key, unsigned int set, unsigned int clear);

#endif
