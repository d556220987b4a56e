// SPDX-License-Identifier: MIT
/*
 * Who may read the kernel's log: syslog(2) and /proc/sys/kernel/dmesg_restrict.
 *
 * What the reports of crashes tell is Latchkey's own: they are for CAP_SYSLOG alone, whatever the
 * setting is.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "tests/ring3/ring3.h"

#define SETTING "/proc/sys/kernel/dmesg_restrict"

#define NOBODY   65534
#define LOG_ROOM 65536

enum {
    READ_ALL = 3,
    CONSOLE_LEVEL = 8,
    SIZE_BUFFER = 10,
};

static char text[LOG_ROOM];

static long syslog_call(int action, char *buffer, int size)
{
    return syscall(__NR_syslog, action, buffer, size);
}

/* The whole log as a string; false if it may not be read. */
static bool read_log(void)
{
    long count = syslog_call(READ_ALL, text, sizeof(text) - 1);

    text[count > 0 ? count : 0] = '\0';
    return count >= 0;
}

static char setting(void)
{
    char value = '?';
    int fd = open(SETTING, O_RDONLY);

    if (fd >= 0 && read(fd, &value, 1) != 1)
        value = '?';
    close(fd);
    return value;
}

static long set(const char *value)
{
    int fd = open(SETTING, O_WRONLY);
    long written = fd >= 0 ? write(fd, value, strlen(value)) : -1;
    int error = errno;

    close(fd);
    errno = error;
    return written;
}

static void drop_capability(unsigned int capability)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    EXPECT_SUCCESS(syscall(__NR_capget, &header, data));
    data[capability / 32].effective &= ~(1u << capability % 32);
    EXPECT_SUCCESS(syscall(__NR_capset, &header, data));
}

static void become_nobody(void)
{
    EXPECT_SUCCESS(syscall(__NR_setresgid, NOBODY, NOBODY, NOBODY));
    EXPECT_SUCCESS(syscall(__NR_setresuid, NOBODY, NOBODY, NOBODY));
}

static bool has_syslog(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};

    syscall(__NR_capget, &header, data);
    return data[CAP_SYSLOG / 32].effective >> CAP_SYSLOG % 32 & 1;
}

/* What those without the capability get follows from the setting. */
static void expect_by_setting(void)
{
    if (setting() == '0') {
        EXPECT(read_log());
        EXPECT(syslog_call(SIZE_BUFFER, NULL, 0) > 0);
    } else {
        EXPECT_ERROR(syslog_call(READ_ALL, text, sizeof(text)), EPERM);
        EXPECT_ERROR(syslog_call(SIZE_BUFFER, NULL, 0), EPERM);
    }
    EXPECT_ERROR(syslog_call(CONSOLE_LEVEL, NULL, 7), EPERM);
}

static void as_nobody(void)
{
    become_nobody();
    expect_by_setting();
    EXPECT_ERROR(set("0"), EACCES);
}

static void as_root_without(void)
{
    drop_capability(CAP_SYSLOG);
    expect_by_setting();
}

static void test_readers(void)
{
    if (!has_syslog()) {
        ktap_skip("without CAP_SYSLOG");
        return;
    }
    EXPECT(setting() == '0' || setting() == '1');
    EXPECT(read_log());
    EXPECT(syslog_call(SIZE_BUFFER, NULL, 0) > 0);
    EXPECT_ERROR(syslog_call(READ_ALL, NULL, 1), EINVAL);
    EXPECT_ERROR(syslog_call(READ_ALL, text, -1), EINVAL);
    EXPECT_ERROR(syslog_call(99, text, 1), EINVAL);
    run_in_child(as_nobody);
    run_in_child(as_root_without);
}

/* ---- the setting ---- */

/* Whether the running test is skipped. */
static bool skipped_unless_latchkey(void)
{
    if (!is_latchkey())
        ktap_skip("on Linux it is the whole machine's");
    return !is_latchkey();
}

static void set_without_capability(void)
{
    drop_capability(CAP_SYS_ADMIN);
    EXPECT_ERROR(set("0"), EPERM);
    EXPECT_EQUAL(setting(), '1');
}

static void test_setting(void)
{
    if (skipped_unless_latchkey())
        return;
    EXPECT_EQUAL(setting(), '1');
    EXPECT_ERROR(set("2"), EINVAL);
    EXPECT_ERROR(set("x"), EINVAL);
    run_in_child(set_without_capability);
    EXPECT_EQUAL(set("0"), 1);
    EXPECT_EQUAL(setting(), '0');
    run_in_child(as_nobody);
    EXPECT_EQUAL(set("1"), 1);
    run_in_child(as_nobody);
}

/* ---- reports ---- */

/* UD2, and what must not be read: the program's own page is execute-only when it dies. */
static void crash(void)
{
    static const char code[] = "\x0f\x0bSECRET";
    char *page = map_pages(1, READ_WRITE);

    memcpy(page, code, sizeof(code));
    mprotect(page, PAGE, PROT_EXEC);
    prctl(PR_SET_NAME, "crash\033\n<0>");
    ((void (*)(void))(uintptr_t)page)();
}

/* Something that all may know of. */
static void run_nonsense(void)
{
    static const char *const arguments[] = {"nonsense", NULL};
    int fd = open("/tmp/nonsense", O_CREAT | O_WRONLY, 0700);

    EXPECT(write(fd, "\177ELF", 4) == 4);
    close(fd);
    execve("/tmp/nonsense", (char *const *)(uintptr_t)arguments, NULL);
    unlink("/tmp/nonsense");
}

static void read_without_capability(void)
{
    become_nobody();
    EXPECT(read_log());
    EXPECT(strstr(text, "nonsense cannot be run"));
    EXPECT(!strstr(text, "fault report"));
    EXPECT(!strstr(text, "53 45 43 52 45 54"));
    EXPECT(!strstr(text, "rsp"));
    EXPECT(!strstr(text, "end of report"));
}

static void test_reports(void)
{
    if (skipped_unless_latchkey())
        return;
    run_nonsense();
    EXPECT_KILLED(crash, SIGILL);
    run_nonsense();
    EXPECT(read_log());
    EXPECT(strstr(text, "\n<6>---- fault report: crash?"
                        "?<0> (pid "));
    EXPECT(strstr(text, "\n<6>code     0f 0b 53 45 43 52 45 54"));
    EXPECT(strstr(text, "\n<6>---- end of report\n"));
    EXPECT_EQUAL(set("0"), 1);
    run_in_child(read_without_capability);
    EXPECT_EQUAL(set("1"), 1);
}

static const struct ktap_test tests[] = {
    {"reading wants CAP_SYSLOG, or dmesg_restrict at 0", test_readers},
    {"dmesg_restrict can be changed", test_setting},
    {"the reports of crashes are for CAP_SYSLOG alone", test_reports},
};

int main(void)
{
    return ktap_run(tests, COUNT(tests), NULL);
}
