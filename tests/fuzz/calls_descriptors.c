// SPDX-License-Identifier: MIT
// Descriptors, and what moves bytes through them.

#include <asm/ioctls.h>
#include <asm/poll.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <linux/openat2.h>
#include <unistd.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/values.h"

#define POLLED_MAX      12
#define SELECT_SETS     3
#define SELECT_SET_SIZE 128
#define OPEN_BITS                                                                                \
    (O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | \
     O_PATH)

/* ---- arguments ---- */

static uint64_t open_flags(const struct use *use)
{
    static const uint64_t values[] = {O_RDONLY,           O_RDWR,   O_RDWR | O_CREAT,
                                      O_WRONLY | O_TRUNC, O_RDONLY, O_PATH};

    return one_in(4) ? some_bits(use, OPEN_BITS | O_ACCMODE) : choice(use, values, COUNT(values));
}

/* To make and write only what is the fuzzer's own, whatever the flags. */
static uint64_t path_to_open(const struct use *use)
{
    return one_in(4) ? path_new(use) : path_own(use);
}

/* openat2's structure, with what open() takes and at times a restraint. */
static uint64_t open_way(const struct use *use)
{
    struct open_how *how = scratch_take(sizeof(*how));

    *how = (struct open_how){.flags = open_flags(use)};
    if (how->flags & O_CREAT)
        how->mode = 0600;
    if (one_in(3))
        how->resolve = 1u << random_below(6);
    return (uint64_t)(uintptr_t)how;
}

static uint64_t open_way_size(const struct use *use)
{
    return use->wild && one_in(4) ? random_below(128) : sizeof(struct open_how);
}

static uint64_t memfd_name(const struct use *use)
{
    return one_in(4) ? path_own(use) : path_new(use);
}

static uint64_t memfd_flags(const struct use *use)
{
    return some_bits(use, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static uint64_t fd_pipe_end(const struct use *use)
{
    return one_in(4) ? fd_any(use) : one_in(4) ? FD_PIPE_READ : FD_PIPE_WRITE;
}

static uint64_t splice_flags(const struct use *use)
{
    return some_bits(use, 15);
}

DEFINE_CHOICE(dup3_flags, 0, O_CLOEXEC)
DEFINE_CHOICE(pipe2_flags, 0, O_CLOEXEC, O_NONBLOCK, O_NONBLOCK | O_CLOEXEC)
DEFINE_CHOICE(fallocate_mode, 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)
DEFINE_CHOICE(fadvise_advice, 0, 1, 2, 3, 4, 5)
DEFINE_CHOICE(flock_operation, LOCK_SH, LOCK_EX, LOCK_UN, LOCK_SH | LOCK_NB, LOCK_EX | LOCK_NB)
DEFINE_CHOICE(close_range_flags, 0, CLOSE_RANGE_CLOEXEC, CLOSE_RANGE_UNSHARE)
/* 3 and 4 are SEEK_DATA and SEEK_HOLE. */
DEFINE_CHOICE(whence, SEEK_SET, SEEK_CUR, SEEK_END, 3, 4)

static uint64_t range_first(const struct use *use)
{
    return use->wild && one_in(3) ? fd_any(use) : FD_SPARE + random_below(FD_LAST - FD_SPARE);
}

static uint64_t range_last(const struct use *use)
{
    return one_in(4) ? UINT32_MAX : use->argument[0] + random_small(16);
}

/* None of those on Linux that send signals. */
static uint64_t fcntl_command(const struct use *use)
{
    static const uint64_t commands[] = {F_DUPFD, F_GETFD, F_SETFD,
                                        F_GETFL, F_SETFL, F_DUPFD_CLOEXEC};

    return use->wild && one_in(4) ? 1 << 16 : PICK(commands);
}

static uint64_t fcntl_argument(const struct use *use)
{
    switch (use->argument[1]) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return fd_target(use);
    case F_SETFL:
        return random_bits() & (O_APPEND | O_NONBLOCK);
    default:
        return random_below(2);
    }
}

static void after_fcntl(const struct use *use, long result)
{
    if (use->argument[1] == F_DUPFD || use->argument[1] == F_DUPFD_CLOEXEC)
        after_fd(use, result);
}

static uint64_t fd_for_ioctl(const struct use *use)
{
    static const uint64_t fds[] = {FD_TERMINAL, FD_MASTER,    FD_MASTER,
                                   FD_SLAVE,    FD_PIPE_READ, FD_FILE};

    return one_in(4) ? fd_any(use) : choice(use, fds, COUNT(fds));
}

/* Theirs is a type that not every C library shares with Linux. */
#define REQUEST_TCGETS2 0x802c542a
#define REQUEST_TCSETS2 0x402c542b

DEFINE_CHOICE(request_of_any, FIOCLEX, FIONCLEX, FIONBIO, FIONREAD, TCGETS, TCSETS, TIOCGWINSZ,
              TIOCGPGRP, TIOCSPGRP, TIOCGSID)
DEFINE_CHOICE(request_of_pty, TCGETA, TCSETA, REQUEST_TCGETS2, REQUEST_TCSETS2, TCGETS, TCSETS,
              TCSETSF, FIONREAD, TIOCGWINSZ, TIOCSWINSZ, TIOCGPTN, TIOCSPTLCK, TIOCGPTLCK, TIOCPKT,
              TIOCGPKT, TIOCGPGRP, TIOCGSID)
DEFINE_CHOICE(request_by_number, TIOCGPTPEER, TIOCSCTTY, TIOCNOTTY, TIOCSIG, TIOCEXCL, TIOCNXCL,
              TCFLSH, TCXONC, TCSBRK, TCSBRKP)

/* What could stop the terminal that the fuzzer writes to is asked of another alone. */
static uint64_t ioctl_request(const struct use *use)
{
    if (use->argument[0] != FD_MASTER && use->argument[0] != FD_SLAVE)
        return request_of_any(use);
    return one_in(2) ? request_of_pty(use) : request_by_number(use);
}

static uint64_t ioctl_argument(const struct use *use)
{
    switch (use->argument[1]) {
    case TIOCGPTPEER:
        return O_RDWR | O_NOCTTY | (random_bits() & (O_NONBLOCK | O_CLOEXEC));
    case TIOCSCTTY:
    case TCFLSH:
    case TCXONC:
    case TCSBRK:
    case TCSBRKP:
        return random_below(5);
    default:
        return buffer(use);
    }
}

static void after_ioctl(const struct use *use, long result)
{
    if (use->argument[1] == TIOCGPTPEER)
        after_fd(use, result);
}

static uint64_t fd_directory_to_read(const struct use *use)
{
    return one_in(4) ? fd_any(use) : FD_DIRECTORY;
}

static uint64_t directory_size(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : 64 + random_small(4032);
}

/* Of memory in scratch; the position may be NULL. */
static uint64_t position_or_null(const struct use *use)
{
    return one_in(2) ? 0 : word(use);
}

/* Not so much from /dev/zero that the files fill the memory. */
static uint64_t send_size(const struct use *use)
{
    return use->wild && one_in(4) ? 1 << 20 : random_small(1 << 15);
}

/* ---- poll and select ---- */

struct polled {
    int fd;
    short events, found;
};

static uint64_t poll_array(const struct use *use)
{
    struct polled *array = scratch_take(POLLED_MAX * sizeof(*array));

    for (unsigned int i = 0; i < POLLED_MAX; i++) {
        array[i].fd = one_in(8) ? -1 : (int)fd_any(use);
        array[i].events = (short)some_bits(use, POLLIN | POLLOUT | POLLPRI | POLLHUP);
    }
    return (uint64_t)array;
}

static uint64_t poll_count(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : random_below(POLLED_MAX + 1);
}

static uint64_t poll_milliseconds(const struct use *use)
{
    return one_in(8) ? (uint64_t)-1 : use->wild && one_in(4) ? wild_value() : random_below(3);
}

static uint64_t select_count(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : random_below(FDS + 2);
}

/* Bits among the standard descriptors. */
static uint64_t select_set(const struct use *use)
{
    uint64_t *set = scratch_take(SELECT_SET_SIZE);

    (void)use;
    set[0] = random_bits() & random_bits() & ((UINT64_C(1) << FDS) - 1);
    return one_in(3) ? 0 : (uint64_t)set;
}

static uint64_t select_time(const struct use *use)
{
    struct fuzz_time *time = scratch_take(sizeof(*time));

    time->fraction = (long)random_small(3000);
    if (use->wild && one_in(3))
        time->seconds = (long)wild_value();
    return one_in(4) ? 0 : (uint64_t)time;
}

/* The address and the size of a signal set. */
static uint64_t select_mask(const struct use *use)
{
    uint64_t *mask = scratch_take(2 * sizeof(*mask));

    mask[0] = one_in(3) ? 0 : signal_set(use);
    mask[1] = signal_set_size(use);
    return one_in(3) ? 0 : (uint64_t)mask;
}

/* ---- what calls leave behind ---- */

/* The two ends of a pipe: closed half of the time, or they would soon be too many. */
static void after_pipe(const struct use *use, long result)
{
    const int *ends = (const int *)use->argument[0];

    if (result != 0)
        return;
    for (int i = 0; i < 2; i++)
        after_fd(use, ends[i]);
}

/* ---- the table ---- */

static const struct call calls[] = {
    CALL(open, TAKES(path_to_open, open_flags, file_mode), .flags = CALL_BLOCKS, .after = after_fd),
    CALL(openat, TAKES(fd_directory, path_to_open, open_flags, file_mode), .flags = CALL_BLOCKS,
         .after = after_fd),
    CALL(openat2, TAKES(fd_directory, path_to_open, open_way, open_way_size), .flags = CALL_BLOCKS,
         .after = after_fd),
    CALL(creat, TAKES(path_to_open, file_mode), .flags = CALL_BLOCKS, .after = after_fd),
    CALL(close, TAKES(fd_spare)),
    CALL(close_range, TAKES(range_first, range_last, close_range_flags)),
    CALL(dup, TAKES(fd_any), .after = after_fd),
    CALL(dup2, TAKES(fd_any, fd_target), .after = after_fd),
    CALL(dup3, TAKES(fd_any, fd_target, dup3_flags), .after = after_fd),
    CALL(pipe, TAKES(word), .after = after_pipe),
    CALL(pipe2, TAKES(word, pipe2_flags), .after = after_pipe),
    CALL(fcntl, TAKES(fd_any, fcntl_command, fcntl_argument), .flags = CALL_AIMED,
         .after = after_fcntl),
    CALL(ioctl, TAKES(fd_for_ioctl, ioctl_request, ioctl_argument), .flags = CALL_AIMED,
         .after = after_ioctl),
    CALL(read, TAKES(fd_readable, buffer, buffer_size), .flags = CALL_BLOCKS),
    CALL(write, TAKES(fd_writable, buffer, buffer_size), .flags = CALL_BLOCKS),
    CALL(readv, TAKES(fd_readable, io_vector, io_vector_count), .flags = CALL_BLOCKS),
    CALL(writev, TAKES(fd_writable, io_vector, io_vector_count), .flags = CALL_BLOCKS),
    CALL(pread64, TAKES(fd_readable, buffer, buffer_size, file_offset)),
    CALL(pwrite64, TAKES(fd_file, buffer, buffer_size, file_offset)),
    CALL(preadv, TAKES(fd_readable, io_vector, io_vector_count, file_offset, zero)),
    CALL(pwritev, TAKES(fd_file, io_vector, io_vector_count, file_offset, zero)),
    CALL(preadv2, TAKES(fd_readable, io_vector, io_vector_count, file_offset, zero, zero)),
    CALL(pwritev2, TAKES(fd_file, io_vector, io_vector_count, file_offset, zero, zero)),
    CALL(lseek, TAKES(fd_readable, file_offset, whence)),
    CALL(sendfile, TAKES(fd_writable, fd_readable, position_or_null, send_size),
         .flags = CALL_BLOCKS | CALL_AIMED),
    CALL(copy_file_range,
         TAKES(fd_file, position_or_null, fd_file, position_or_null, send_size, zero),
         .flags = CALL_AIMED),
    CALL(vmsplice, TAKES(fd_pipe_end, io_vector, io_vector_count, splice_flags),
         .flags = CALL_BLOCKS),
    CALL(memfd_create, TAKES(memfd_name, memfd_flags), .after = after_fd),
    CALL(getdents64, TAKES(fd_directory_to_read, buffer, directory_size)),
    CALL(getdents, TAKES(fd_directory_to_read, buffer, directory_size)),
    CALL(ftruncate, TAKES(fd_file, file_offset)),
    CALL(fallocate, TAKES(fd_file, fallocate_mode, file_offset, send_size)),
    CALL(fadvise64, TAKES(fd_file, file_offset, send_size, fadvise_advice)),
    CALL(readahead, TAKES(fd_file, file_offset, send_size)),
    CALL(fsync, TAKES(fd_any)),
    CALL(fdatasync, TAKES(fd_any)),
    CALL(syncfs, TAKES(fd_any)),
    CALL(flock, TAKES(fd_file, flock_operation), .flags = CALL_BLOCKS),
    CALL(poll, TAKES(poll_array, poll_count, poll_milliseconds), .flags = CALL_BLOCKS),
    CALL(ppoll,
         TAKES(poll_array, poll_count, short_time_or_null, signal_set_or_null, signal_set_size),
         .flags = CALL_BLOCKS),
    CALL(select, TAKES(select_count, select_set, select_set, select_set, select_time),
         .flags = CALL_BLOCKS),
    CALL(pselect6,
         TAKES(select_count, select_set, select_set, select_set, short_time_or_null, select_mask),
         .flags = CALL_BLOCKS),
};

const struct call_table descriptor_calls = {calls, COUNT(calls)};
