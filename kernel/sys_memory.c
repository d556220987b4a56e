// SPDX-License-Identifier: MIT
/*
 * System calls on memory and keys: the checks on their arguments, in Linux's order; mm/ does the
 * rest. The path of pkey_mprotect is here -> space_protect() -> one table walk -> one flush.
 */
#include <asm/fcntl.h>
#include <asm/mman.h>
#include <linux/mman.h>

#include "arch/cpu.h"
#include "arch/pkru.h"
#include "arch/usercopy.h"
#include "kernel/file.h"
#include "kernel/kernel_lock.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/keys.h"
#include "mm/mmap.h"
#include "mm/object.h"

#define PROT_RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

/* Flags that were there before MAP_SHARED_VALIDATE, which knows no others of files in memory. */
#define OLD_FLAGS                                                                            \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | \
     MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |    \
     MAP_32BIT | MAP_HUGE_2MB | MAP_HUGE_1GB)

/* ---- protection keys ---- */

PARALLEL_SYSCALL2(pkey_alloc, uint64_t, flags, uint64_t, rights)
{
    if (flags)
        return -EINVAL;
    if (rights & ~(uint64_t)(PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE))
        return -EINVAL;
    int key = keys_alloc(&current()->space->key_map);
    if (key < 0)
        return key;
    if (current()->space->policies.any)
        space_forget_policies(current()->space, key);
    pkru_change((unsigned int)key, (uint32_t)rights);
    return key;
}

PARALLEL_SYSCALL1(pkey_free, int, key)
{
    struct address_space *space = current()->space;

    return policy_denies(&space->policies, key) ? -EACCES : keys_free(&space->key_map, key);
}

PARALLEL_SYSCALL3(pkey_release, int, key, unsigned int, how, int, new_key)
{
    return space_release_key(current()->space, key, how, new_key);
}

/* Whole pages of prot's 64 bits count; of the key's, the low 32. */
static long protect(uintptr_t start, size_t size, uint64_t prot, int key)
{
    if (prot & ~(uint64_t)INT32_MAX)
        prot = INT32_MAX & ~(PROT_GROWSUP | PROT_GROWSDOWN); /* a bit that is not there: -EINVAL */
    return space_protect(current()->space, start, size, (int)prot, key);
}

PARALLEL_SYSCALL3(mprotect, uintptr_t, start, size_t, size, uint64_t, prot)
{
    return protect(start, size, prot, -1);
}

PARALLEL_SYSCALL4(pkey_mprotect, uintptr_t, start, size_t, size, uint64_t, prot, int, key)
{
    return protect(start, size, prot, key);
}

/* ---- mappings ---- */

/* What of a file may be mapped, and how: fills in the object and the rights it may ever have. */
static int request_file(struct map_request *request, struct file *file, int sharing)
{
    if (!file_is_readable(file))
        return -EACCES;
    if (sharing != MAP_PRIVATE && !file_is_writable(file)) {
        if (request->prot & PROT_WRITE)
            return -EACCES;
        request->max_prot &= (uint8_t)~PROT_WRITE;
    }
    request->object = file->operations->object ? file->operations->object(file) : NULL;
    if (!request->object)
        return -ENODEV;
    if (sharing != MAP_PRIVATE && request->object->is_sealed) {
        if (request->prot & PROT_WRITE)
            return -EPERM;
        request->max_prot &= (uint8_t)~PROT_WRITE;
    }
    return request->area_flags & AREA_GROWS_DOWN ? -EINVAL : 0;
}

static int request_anonymous(struct map_request *request, int sharing)
{
    if (sharing != MAP_SHARED)
        return 0;
    if (request->area_flags & AREA_GROWS_DOWN)
        return -EINVAL;
    request->object = object_create();
    if (!request->object)
        return -ENOMEM;
    request->object->size = align_up(request->size, PAGE_SIZE);
    return 0;
}

/* Whether the last offset does not fit off_t. */
static bool is_beyond_files(const struct map_request *request)
{
    uint64_t pages = align_up(request->size, PAGE_SIZE) >> PAGE_SHIFT;

    return request->object_page + pages > (uint64_t)INT64_MAX >> PAGE_SHIFT;
}

/* RLIMIT_MEMLOCK, in bytes, for those whom it is for. With 0 nothing may be locked at all. */
static uint64_t lock_limit(void)
{
    if (task_may(CAP_IPC_LOCK))
        return UINT64_MAX;
    return current_process()->limits[RLIMIT_MEMLOCK].rlim_cur;
}

/* Whether so many bytes may be locked, besides those that are, but for those of that range. */
static bool may_lock(uint64_t bytes, uintptr_t start, uintptr_t end)
{
    uint64_t limit = lock_limit();

    return limit == UINT64_MAX ||
           (bytes <= limit && space_locked_outside(current()->space, start, end) <= limit - bytes);
}

/* What is mapped locked, because it is asked for or by mlockall(MCL_FUTURE). */
static int check_locked_mapping(const struct map_request *request, int flags)
{
    if ((flags & MAP_LOCKED) && !lock_limit())
        return -EPERM;
    if (!(flags & MAP_LOCKED) && !current()->space->lock_future)
        return 0;
    return may_lock(align_up(request->size, PAGE_SIZE), 0, 0) ? 0 : -EAGAIN;
}

/* mlockall(MCL_FUTURE) */
static bool must_populate(const struct address_space *space)
{
    return space->lock_future && !space->lock_on_fault;
}

static long map(struct map_request *request, int flags, struct file *file)
{
    struct address_space *space = current()->space;
    int sharing = flags & MAP_TYPE;
    uintptr_t address;
    int error;

    if (request->size == 0)
        return -EINVAL;
    if (align_up(request->size, PAGE_SIZE) == 0)
        return -ENOMEM;
    error = space_check_place(space, request);
    if (error)
        return error;
    if (file && is_beyond_files(request))
        return -EOVERFLOW;
    error = check_locked_mapping(request, flags);
    if (error)
        return error;
    if (sharing != MAP_SHARED && sharing != MAP_PRIVATE &&
        !(sharing == MAP_SHARED_VALIDATE && file))
        return -EINVAL;
    if (sharing == MAP_SHARED_VALIDATE && (flags & ~OLD_FLAGS))
        return -EOPNOTSUPP;
    if (sharing != MAP_PRIVATE)
        request->area_flags |= AREA_SHARED;
    error = file ? request_file(request, file, sharing) : request_anonymous(request, sharing);
    if (error)
        return error;
    error = space_map(space, request, &address);
    if (!file && request->object)
        object_put(request->object); /* the area has its own reference */
    if (error)
        return error;
    if ((flags & (MAP_POPULATE | MAP_LOCKED)) || must_populate(space))
        space_populate(space, address, request->size);
    return (long)address;
}

static long map_file(struct map_request *request, int flags, int fd)
{
    kernel_lock();
    struct file *file = file_table_get(current()->files, fd);
    bool mappable = file && !(file->flags & O_PATH);
    long result = mappable ? map(request, flags, file) : -EBADF;
    if (file)
        file_put(file);
    kernel_unlock();
    return result;
}

static long map_anonymous(struct map_request *request, int flags)
{
    int size_bits = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

    request->object_page = 0;
    if ((flags & MAP_HUGETLB) && size_bits != 0 && size_bits != PAGE_SHIFT + PAGE_ORDER_2M)
        return size_bits == 30 ? -ENOMEM : -EINVAL; /* there is no pool of 1 GiB pages */
    if (flags & MAP_HUGETLB)
        request->area_flags |= AREA_HUGETLB;
    return map(request, flags, NULL);
}

PARALLEL_SYSCALL6(mmap, uintptr_t, address, size_t, size, int, prot, int, flags, int, fd, uint64_t,
                  offset)
{
    struct map_request request = {
        .address = address,
        .size = size,
        .prot = prot & PROT_RWX,
        .max_prot = PROT_RWX,
        .area_flags = (flags & MAP_GROWSDOWN ? AREA_GROWS_DOWN : 0) |
                      ((flags & (MAP_LOCKED | MAP_HUGETLB)) == MAP_LOCKED ? AREA_LOCKED : 0),
        .fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
        .no_replace = flags & MAP_FIXED_NOREPLACE,
        .lowest = credentials_lowest_address(),
        .object_page = offset >> PAGE_SHIFT,
        .no_reserve = flags & MAP_NORESERVE,
        .low = flags & MAP_32BIT,
    };

    if (offset % PAGE_SIZE)
        return -EINVAL;
    return flags & MAP_ANONYMOUS ? map_anonymous(&request, flags) : map_file(&request, flags, fd);
}

PARALLEL_SYSCALL2(munmap, uintptr_t, start, size_t, size)
{
    return space_unmap(current()->space, start, size);
}

PARALLEL_SYSCALL1(brk, uintptr_t, end)
{
    return (long)space_brk(current()->space, end, credentials_lowest_address());
}

PARALLEL_SYSCALL3(madvise, uintptr_t, start, size_t, size, int, advice)
{
    return space_advise(current()->space, start, size, advice);
}

PARALLEL_SYSCALL5(mremap, uintptr_t, start, size_t, old_size, size_t, new_size, int, flags,
                  uintptr_t, wanted)
{
    struct remap remap = {
        .start = start,
        .old_size = align_up(old_size, PAGE_SIZE),
        .new_size = align_up(new_size, PAGE_SIZE),
        .flags = flags,
        .wanted = wanted,
        .lowest = credentials_lowest_address(),
    };
    uintptr_t result;
    int error = space_remap(current()->space, &remap, &result);

    return error ? error : (long)result;
}

/* ---- questions and promises; nothing is ever swapped or written back ---- */

PARALLEL_SYSCALL3(mincore, uintptr_t, start, size_t, size, uintptr_t, vector)
{
    unsigned char resident[256];
    size_t pages = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;

    if (start % PAGE_SIZE)
        return -EINVAL;
    if (!user_range_ok(start, size))
        return -ENOMEM;
    if (!user_range_ok(vector, pages))
        return -EFAULT;
    for (size_t done = 0; done < pages;) {
        size_t count = pages - done < sizeof(resident) ? pages - done : sizeof(resident);
        int error = space_residency(current()->space, start + done * PAGE_SIZE, count, resident);
        if (error)
            return error;
        if (copy_to_user(vector + done, resident, count))
            return -EFAULT;
        done += count;
    }
    return 0;
}

PARALLEL_SYSCALL3(msync, uintptr_t, start, size_t, size, int, flags)
{
    uintptr_t end = start + align_up(size, PAGE_SIZE);

    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || start % PAGE_SIZE ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    if (end < start)
        return -ENOMEM;
    if ((flags & MS_INVALIDATE) && space_has_locked(current()->space, start, end))
        return -EBUSY;
    return space_is_mapped(current()->space, start, end) ? 0 : -ENOMEM;
}

static long lock_range(uintptr_t start, size_t size, bool on_fault)
{
    uintptr_t from = align_down(start, PAGE_SIZE);
    uint64_t bytes = align_up(size + (start - from), PAGE_SIZE);

    if (!lock_limit())
        return -EPERM;
    if (!may_lock(bytes, from, from + bytes))
        return -ENOMEM;
    return space_lock_range(current()->space, start, size, on_fault);
}

PARALLEL_SYSCALL2(mlock, uintptr_t, start, size_t, size)
{
    return lock_range(start, size, false);
}

PARALLEL_SYSCALL3(mlock2, uintptr_t, start, size_t, size, int, flags)
{
    if (flags & ~MLOCK_ONFAULT)
        return -EINVAL;
    return lock_range(start, size, flags & MLOCK_ONFAULT);
}

PARALLEL_SYSCALL2(munlock, uintptr_t, start, size_t, size)
{
    return space_unlock_range(current()->space, start, size);
}

PARALLEL_SYSCALL1(mlockall, int, flags)
{
    if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
        return -EINVAL;
    if (!lock_limit())
        return -EPERM;
    if ((flags & MCL_CURRENT) && current()->space->mapped_pages > lock_limit() >> PAGE_SHIFT)
        return -ENOMEM;
    space_lock_all(current()->space, flags);
    return 0;
}

PARALLEL_SYSCALL0(munlockall)
{
    space_unlock_all(current()->space);
    return 0;
}
