// SPDX-License-Identifier: MIT
// Reading a directory, a buffer of getdents64 records at a time.

#include <dirent.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct libc_directory {
    int descriptor;
    size_t used; /* of the bytes in records */
    size_t size;
    _Alignas(struct dirent) char records[2048];
};

DIR *opendir(const char *path)
{
    DIR *directory = malloc(sizeof(*directory));

    if (directory == NULL)
        return NULL;
    directory->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directory->used = 0;
    directory->size = 0;
    if (directory->descriptor < 0) {
        free(directory);
        return NULL;
    }
    return directory;
}

struct dirent *readdir(DIR *directory)
{
    struct dirent *entry;

    if (directory->used == directory->size) {
        long size = syscall(__NR_getdents64, directory->descriptor, directory->records,
                            sizeof(directory->records));

        if (size <= 0)
            return NULL;
        directory->used = 0;
        directory->size = (size_t)size;
    }
    entry = (struct dirent *)(directory->records + directory->used);
    directory->used += entry->d_reclen;
    return entry;
}

int closedir(DIR *directory)
{
    int result = close(directory->descriptor);

    free(directory);
    return result;
}
