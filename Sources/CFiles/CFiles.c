#define _GNU_SOURCE
#include "CFiles.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

int cfiles_sync_file_system(int descriptor) { return syncfs(descriptor); }

int cfiles_exchange(const char *one, const char *other) {
    // By number: not every C library has a function for it. 2 is RENAME_EXCHANGE.
    return (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2u);
}

long cfiles_attribute_size(const char *path) { return (long)listxattr(path, NULL, 0); }
