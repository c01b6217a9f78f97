// System calls of Linux that the C library declares only on request, which Swift cannot make.
#pragma once

/// Brings everything of the file system that a descriptor lies on to the disk; 0, or -1 with `errno` set.
int cfiles_sync_file_system(int descriptor);

/// Exchanges what two paths name, in one step; 0, or -1 with `errno` set (EINVAL where the file system cannot).
int cfiles_exchange(const char *one, const char *other);

/// Bytes that the names of a file's extended attributes take; -1 where there are none to be had.
long cfiles_attribute_size(const char *path);
