// SPDX-License-Identifier: MIT
/*
 * /proc and /sys as programs read them: the shape of the lines, and what can be checked of their
 * contents; paths that change under a process; refusals.
 */
#include "tests/programs/show.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static char bytes[65536];

static long read_file(const char *name)
{
    int fd = open(name, O_RDONLY);
    long size = 0, count;

    if (fd < 0)
        return -1;
    while ((count = read(fd, bytes + size, sizeof(bytes) - 1 - (size_t)size)) > 0)
        size += count;
    close(fd);
    bytes[size] = 0;
    return count < 0 ? -1 : size;
}

/* Whether a file has a line that begins so, and what sscanf() makes of it. */
static int has_line(const char *file, const char *start)
{
    char *line = read_file(file) < 0 ? NULL : bytes;

    while (line && strncmp(line, start, strlen(start)) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return line != NULL;
}

static void own_files(void)
{
    char target[PATH_MAX] = "", cwd[PATH_MAX];
    struct stat status;

    section("/proc/self");
    SHOW(read_file("/proc/self/cmdline") > 0);
    SHOW(strlen(bytes) + 1 == (size_t)read_file("/proc/self/cmdline"));
    SHOW(prctl(PR_SET_NAME, "renamed"));
    SHOW(read_file("/proc/self/comm"));
    SHOW(strcmp(bytes, "renamed\n"));
    SHOW(readlink("/proc/self", target, sizeof(target)) > 0);
    SHOW(atoi(target) == getpid());
    SHOW(readlink("/proc/self/exe", target, sizeof(target)) > 0);
    SHOW(access("/proc/self/exe", X_OK));
    memset(target, 0, sizeof(target));
    SHOW(readlink("/proc/self/cwd", target, sizeof(target)) > 0);
    SHOW(strcmp(target, getcwd(cwd, sizeof(cwd))));
    memset(target, 0, sizeof(target));
    SHOW(readlink("/proc/self/root", target, sizeof(target)));
    say("%s", target);
    SHOW(stat("/proc/self/status", &status));
    say("%o %ld", status.st_mode, (long)status.st_size);
    SHOW(lstat("/proc/self", &status));
    say("%o", status.st_mode);
    SHOW(open("/proc/self/none", O_RDONLY));
    SHOW(open("/proc/self/status", O_WRONLY | O_CREAT | O_EXCL, 0644));
    SHOW(open("/proc/999999/status", O_RDONLY));
    SHOW(unlink("/proc/self/status"));
    SHOW(read_file("/proc/self/environ") >= 0);
}

static void descriptors(void)
{
    char name[64], target[PATH_MAX];
    int fd = open("file", O_RDWR | O_CREAT, 0644), ends[2];
    struct stat status;

    section("/proc/self/fd");
    SHOW(write(fd, "contents", 8));
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(name, target, sizeof(target) - 1);
    target[size > 0 ? size : 0] = 0;
    SHOW(strcmp(target + strlen(target) - 5, "/file"));
    SHOW(lstat(name, &status));
    say("%o", status.st_mode);
    SHOW(stat(name, &status));
    say("%o %ld", status.st_mode, (long)status.st_size);
    int again = open(name, O_RDONLY);
    SHOW(read(again, bytes, 4));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(close(again));
    SHOW(unlink("file"));
    size = readlink(name, target, sizeof(target) - 1);
    target[size > 0 ? size : 0] = 0;
    SHOW(strcmp(target + strlen(target) - 15, "/file (deleted)"));
    again = open(name, O_RDONLY);
    SHOW(read(again, bytes, 20));
    SHOW(close(again));
    SHOW(close(fd));
    SHOW(readlink(name, target, sizeof(target)));
    SHOW(pipe(ends));
    snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[0]);
    size = readlink(name, target, sizeof(target) - 1);
    SHOW(strncmp(target, "pipe:[", 6));
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory))
        count++;
    closedir(directory);
    close(ends[1]);
    DIR *second = opendir("/proc/self/fd");
    while (readdir(second))
        count--;
    closedir(second);
    SHOW(count);
    SHOW(access("/dev/fd/0", F_OK) == access("/dev/stdin", F_OK));
    close(ends[0]);
}

/* The line of a file that begins so, up to its end. */
static const char *line_of(const char *file, const char *start)
{
    char *line = read_file(file) < 0 ? NULL : strstr(bytes, start);

    if (!line)
        return "none";
    line[strcspn(line, "\n")] = 0;
    return line;
}

static void descriptor_infos(void)
{
    char name[64];
    int fd = open("file", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat status;

    section("/proc/self/fdinfo");
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
    SHOW(write(fd, "contents", 8));
    say("%s", line_of(name, "pos:"));
    say("%s", line_of(name, "flags:"));
    SHOW(fcntl(fd, F_SETFD, 0));
    SHOW(lseek(fd, 3, SEEK_SET));
    say("%s", line_of(name, "pos:"));
    say("%s", line_of(name, "flags:"));
    SHOW(fstat(fd, &status));
    SHOW(strtoul(line_of(name, "ino:") + 4, NULL, 10) == status.st_ino);
    SHOW(lstat(name, &status));
    say("%o", status.st_mode);
    SHOW(close(fd));
    SHOW(read_file(name));
}

static void maps(void)
{
    unsigned char *place = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int stack = 0, heap = 0, lines = 0, good = 0, found = 0;
    char rights[8];
    FILE *file;

    section("/proc/self/maps and smaps");
    free(malloc(100000));
    SHOW(sbrk(4096) != (void *)-1);
    file = fopen("/proc/self/maps", "r");
    while (fgets(bytes, 1000, file)) {
        unsigned long start, end, offset, inode;
        char device[16];

        good += sscanf(bytes, "%lx-%lx %4s %lx %15s %lu", &start, &end, rights, &offset, device,
                       &inode) == 6;
        lines++;
        stack += strstr(bytes, "[stack]") != NULL;
        heap += strstr(bytes, "[heap]") != NULL;
        found +=
            (unsigned long)place >= start && (unsigned long)place < end && !strcmp(rights, "r--p");
    }
    fclose(file);
    SHOW(good == lines);
    SHOW(stack);
    SHOW(heap > 0);
    SHOW(found);
    SHOW(has_line("/proc/self/smaps", "Rss:"));
    SHOW(has_line("/proc/self/smaps", "Private_Dirty:"));
    SHOW(has_line("/proc/self/smaps", "VmFlags:"));
    SHOW(mprotect(place, 3 * 4096, PROT_READ | PROT_WRITE));
    SHOW(mlock(place, 3 * 4096));
    SHOW(strcmp(line_of("/proc/self/smaps_rollup", "Locked:"), "Locked:               12 kB"));
    SHOW(strncmp(strchr(line_of("/proc/self/smaps_rollup", ""), ' '), " ---p 00000000 00:00 0   ",
                 25));
    SHOW(atol(line_of("/proc/self/smaps_rollup", "Rss:") + 4) >= 12);
    SHOW(munmap(place, 3 * 4096));
}

static void status_file(void)
{
    static const char *const lines[] = {"Name:\trenamed\n",
                                        "State:\tR (running)\n",
                                        "Uid:\t0\t0\t0\t0\n",
                                        "Threads:\t1\n",
                                        "VmSize:",
                                        "VmRSS:",
                                        "SigIgn:\t",
                                        "PPid:\t"};
    char name[64], state;
    int pid, parent, group, session;

    section("/proc/self/status, stat and statm");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        say("%.6s: %d", lines[i], has_line("/proc/self/status", lines[i]));
    SHOW(read_file("/proc/self/stat") > 0);
    SHOW(sscanf(bytes, "%d (%63[^)]) %c %d %d %d", &pid, name, &state, &parent, &group, &session));
    SHOW(pid == getpid() && parent == getppid() && group == getpgrp() && session == getsid(0));
    say("%s %c", name, state);
    int fields = 1;
    for (char *at = strchr(bytes, ')'); (at = strchr(at + 1, ' '));)
        fields++;
    SHOW(fields >= 51);
    long pages[7];
    SHOW(read_file("/proc/self/statm") > 0);
    SHOW(sscanf(bytes, "%ld %ld %ld %ld %ld %ld %ld", &pages[0], &pages[1], &pages[2], &pages[3],
                &pages[4], &pages[5], &pages[6]));
    SHOW(pages[0] > pages[1] && pages[1] > 0);
}

static uint64_t page_entry(int fd, const void *place)
{
    uint64_t entry = 0;

    pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)place / 4096 * sizeof(entry)));
    return entry;
}

static void show_page(int fd, const char *what, const void *place)
{
    uint64_t entry = page_entry(fd, place);

    say("%s:%s%s%s", what, entry >> 63 ? " present" : " absent",
        entry >> 61 & 1 ? ", a file's" : "", entry >> 56 & 1 ? ", exclusive" : "");
}

/* The line of a mount, by its place: the file system there is the one that stat() tells of. */
static int has_mount(const char *place, const char *type)
{
    FILE *file = fopen("/proc/self/mountinfo", "r");
    unsigned int number, parent, major, minor;
    char at[PATH_MAX], kind[64];
    struct stat status;
    int found = 0;

    while (file && fgets(bytes, sizeof(bytes), file)) {
        const char *end = strstr(bytes, " - ");

        if (sscanf(bytes, "%u %u %u:%u / %s", &number, &parent, &major, &minor, at) != 5 || !end ||
            sscanf(end, " - %63s", kind) != 1 || strcmp(at, place) != 0)
            continue;
        found +=
            !strcmp(kind, type) && !stat(place, &status) && status.st_dev == (major << 8 | minor);
    }
    fclose(file);
    return found;
}

static void page_map(void)
{
    int fd = open("/proc/self/pagemap", O_RDONLY), file = open("file", O_RDWR | O_CREAT, 0644);
    unsigned char *place =
        mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *shared[2];
    uint64_t frames = (UINT64_C(1) << 55) - 1;

    section("/proc/self/pagemap");
    SHOW(ftruncate(file, 4096));
    for (int i = 0; i < 2; i++)
        shared[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    place[0] = 1;
    show_page(fd, "written", place);
    SHOW(place[4096]);
    SHOW(page_entry(fd, place + 4096) >> 63); /* a page of zeros for all, or one of its own */
    show_page(fd, "untouched", place + 2 * 4096);
    show_page(fd, "nothing", nowhere);
    shared[0][0] = 1;
    show_page(fd, "a file, mapped once", shared[0]);
    SHOW(shared[1][0]);
    show_page(fd, "a file, mapped twice", shared[0]);
    SHOW((page_entry(fd, shared[0]) & frames) == (page_entry(fd, shared[1]) & frames));
    SHOW_CHILD(show_page(fd, "of the parent", place));
    SHOW(pread(fd, bytes, 12, 0));
    SHOW(pread(fd, bytes, 16, 4));
    SHOW(pread(fd, bytes, 16, (off_t)1 << 40));
    SHOW(open("/proc/self/pagemap", O_RDWR) >= 0);
    SHOW(close(fd) || close(file));
    SHOW(unlink("file"));
}

static void random_numbers(void)
{
    char first[64] = "", second[64] = "";

    section("/proc/sys/kernel/random");
    SHOW(read_file("/proc/sys/kernel/random/uuid"));
    snprintf(first, sizeof(first), "%.36s", bytes);
    SHOW(first[8] == '-' && first[13] == '-' && first[14] == '4' && first[18] == '-');
    SHOW(read_file("/proc/sys/kernel/random/uuid"));
    SHOW(strncmp(first, bytes, 36) != 0);
    SHOW(read_file("/proc/sys/kernel/random/boot_id"));
    snprintf(second, sizeof(second), "%.36s", bytes);
    SHOW(read_file("/proc/sys/kernel/random/boot_id"));
    SHOW(strncmp(second, bytes, 36));
    SHOW(read_file("/proc/sys/kernel/random/entropy_avail"));
}

/*
 * Memory that files take is counted. A memfd lies in memory whatever the folder lies on; of its
 * 16 MiB a half has to show, once in some tries, since others give such memory back meanwhile.
 */
static int is_counted(int fd)
{
    for (int tries = 0; tries < 100; tries++) {
        ftruncate(fd, 0);
        long before = atol(line_of("/proc/meminfo", "Shmem:") + 6);
        if (posix_fallocate(fd, 0, 16 << 20))
            return 0;
        long after = atol(line_of("/proc/meminfo", "Shmem:") + 6);
        long cached = atol(line_of("/proc/meminfo", "Cached:") + 7);
        if (after - before >= 8192 && cached >= after)
            return 1;
        usleep(10000);
    }
    return 0;
}

static void memory_of_files(void)
{
    int fd = memfd_create("large", 0);

    section("/proc/meminfo");
    SHOW(is_counted(fd));
    SHOW(close(fd));
}

static void memory_file(void)
{
    static char secret[] = "in memory";
    int fd = open("/proc/self/mem", O_RDWR);

    section("/proc/self/mem");
    SHOW(pread(fd, bytes, sizeof(secret), (off_t)(unsigned long)secret));
    SHOW(strcmp(bytes, secret));
    SHOW(pwrite(fd, "IN", 2, (off_t)(unsigned long)secret));
    say("%s", secret);
    SHOW(pread(fd, bytes, 10, 0));
    SHOW(close(fd));
}

static void machine(void)
{
    double up, idle;
    unsigned long total = 0;

    section("the machine");
    SHOW(has_line("/proc/meminfo", "MemTotal:"));
    SHOW(sscanf(bytes, "MemTotal: %lu kB", &total));
    SHOW(total > 1000);
    SHOW(has_line("/proc/meminfo", "MemFree:"));
    SHOW(has_line("/proc/meminfo", "MemAvailable:"));
    SHOW(has_line("/proc/cpuinfo", "processor\t: 0\n"));
    SHOW(has_line("/proc/cpuinfo", "flags\t\t: "));
    SHOW(has_line("/proc/stat", "cpu  "));
    SHOW(has_line("/proc/stat", "btime "));
    SHOW(read_file("/proc/uptime") > 0);
    SHOW(sscanf(bytes, "%lf %lf", &up, &idle));
    SHOW(read_file("/proc/loadavg") > 0);
    SHOW(read_file("/proc/version") > 0);
    SHOW(strncmp(bytes, "Linux version ", 14));
    SHOW(has_line("/proc/filesystems", "nodev\tproc\n"));
    SHOW(read_file("/proc/mounts") > 0);
    SHOW(read_file("/proc/sys/kernel/cap_last_cap"));
    say("%.3s", bytes);
    SHOW(read_file("/proc/sys/kernel/pid_max") > 0);
    SHOW(read_file("/proc/sys/kernel/hostname") > 0);
    SHOW(read_file("/proc/sys/kernel/ostype"));
    say("%.5s", bytes);
    SHOW(read_file("/proc/sys/kernel/osrelease") > 0);
    SHOW(read_file("/proc/sys/vm/overcommit_memory"));
    SHOW(read_file("/sys/devices/system/cpu/online") > 0);
    SHOW(read_file("/sys/kernel/mm/transparent_hugepage/enabled") > 0);
    SHOW(sysconf(_SC_NPROCESSORS_ONLN) > 0);
    SHOW(sysconf(_SC_PHYS_PAGES) > 1000);
}

int main(void)
{
    show_enter();
    own_files();
    descriptors();
    descriptor_infos();
    maps();
    page_map();
    section("/proc/self/mountinfo");
    SHOW(has_mount("/proc", "proc"));
    SHOW(has_mount("/sys", "sysfs"));
    random_numbers();
    memory_of_files();
    status_file();
    memory_file();
    machine();
    show_leave();
    return 0;
}
