// SPDX-License-Identifier: MIT
/*
 * The calls mmap, munmap, mprotect and brk: the checks on their arguments, in Linux's order.
 *
 * The room owns these checks. It leaves the mapping to mm/space/, keys to kernel/keys/, and what
 * else is done with ranges to mm/range/.
 */
#include <asm/fcntl.h>
#include <asm/mman.h>
#include <linux/mman.h>

#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/space/mmap.h"

/* Flags older than MAP_SHARED_VALIDATE; with it files in memory support no others. */
#define OLD_FLAGS                                                                            \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | \
     MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |    \
     MAP_32BIT | MAP_HUGE_2MB | MAP_HUGE_1GB)

/* Checks how a file may be mapped: fills in the object and the rights that it may ever have. */
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
    return request->vma_flags & VMA_GROWS_DOWN ? -EINVAL : 0;
}

static int request_anonymous(struct map_request *request, int sharing)
{
    if (sharing != MAP_SHARED)
        return 0;
    if (request->vma_flags & VMA_GROWS_DOWN)
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
    if ((flags & (MAP_LOCKED | MAP_32BIT)) || space->lock_future)
        error = ASK(mapping_begins, request, &flags);
    if (error)
        return error;
    if (sharing != MAP_SHARED && sharing != MAP_PRIVATE &&
        !(sharing == MAP_SHARED_VALIDATE && file))
        return -EINVAL;
    if (sharing == MAP_SHARED_VALIDATE && (flags & ~OLD_FLAGS))
        return -EOPNOTSUPP;
    if (sharing != MAP_PRIVATE)
        request->vma_flags |= VMA_SHARED;
    error = file ? request_file(request, file, sharing) : request_anonymous(request, sharing);
    if (error)
        return error;
    error = space_map(space, request, &address);
    if (!file && request->object)
        object_put(request->object); /* the VMA has its own reference */
    if (error)
        return error;
    if (flags & (MAP_POPULATE | MAP_LOCKED))
        TELL(mapping_populates, space, address, align_up(address + request->size, PAGE_SIZE));
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
    request->object_page = 0;
    if (flags & MAP_HUGETLB) {
        const struct page_pool *pool = page_pool();
        int error = pool ? pool->check_size((unsigned int)flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK)
                         : -EINVAL;
        if (error)
            return error;
        request->vma_flags |= VMA_HUGETLB;
    }
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
        .vma_flags = flags & MAP_GROWSDOWN ? VMA_GROWS_DOWN : 0,
        .fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
        .no_replace = flags & MAP_FIXED_NOREPLACE,
        .lowest = credentials_lowest_address(),
        .object_page = offset >> PAGE_SHIFT,
        .no_reserve = flags & MAP_NORESERVE,
    };

    if (offset % PAGE_SIZE)
        return -EINVAL;
    return flags & MAP_ANONYMOUS ? map_anonymous(&request, flags) : map_file(&request, flags, fd);
}

PARALLEL_SYSCALL2(munmap, uintptr_t, start, size_t, size)
{
    return space_unmap(current()->space, start, size);
}

PARALLEL_SYSCALL3(mprotect, uintptr_t, start, size_t, size, uint64_t, prot)
{
    return space_protect(current()->space, start, size, prot, -1);
}

PARALLEL_SYSCALL1(brk, uintptr_t, end)
{
    return (long)space_brk(current()->space, end, credentials_lowest_address());
}
