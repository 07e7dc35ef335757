/* A disk that is full, read-only or broken, for the files under one directory of one process.
 *
 * To be preloaded (LD_PRELOAD). DISK_UNDER: the directory. DISK_FAULT: a file of 16 bytes that is
 * mapped, so that a change is seen at once. The first byte says what is wrong at the moment: 'f'
 * full, 'r' read-only, 'e' input/output errors, else nothing. The last eight are a number in native
 * order: after so many calls that concern the directory it begins; it is counted down.
 *
 * Full: what makes a file longer fails with ENOSPC, but for as many bytes as removing files gave
 * back meanwhile. Read-only: what changes anything fails with EROFS. Input/output errors: all that
 * reaches the disk fails with EIO.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

struct control { volatile char fault; char unused[7]; atomic_llong calls; };

static struct control *control;
static const char *under;
static size_t under_length;
static atomic_llong room; /* bytes that removing files gave back while the disk is full */

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (real == NULL) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void begin(void) {
    static int (*real_open)(const char *, int, ...);
    const char *path = getenv("DISK_FAULT");
    real_open = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    int descriptor = path != NULL ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped == MAP_FAILED) return;
    under = getenv("DISK_UNDER");
    under_length = strlen(under);
    control = mapped;
}

/* What is set, whether or not it has begun; 0 for nothing. */
static char set(void) {
    char wrong = control != NULL ? control->fault : '-';
    if (wrong != 'f') atomic_store(&room, 0);
    return wrong == 'f' || wrong == 'r' || wrong == 'e' ? wrong : 0;
}

/* Counts a call that concerns the directory; what is wrong with the disk now, 0 for nothing. */
static char due(char wrong) {
    if (atomic_load(&control->calls) <= 0) return wrong;
    return atomic_fetch_sub(&control->calls, 1) > 0 ? 0 : wrong;
}

static int is_under(const char *path) {
    return strncmp(path, under, under_length) == 0 &&
        (path[under_length] == '/' || path[under_length] == '\0');
}

static int path_at(int directory, const char *path, char *whole) {
    if (path == NULL) return 0;
    if (path[0] == '/') return snprintf(whole, PATH_MAX, "%s", path) < PATH_MAX;
    char link[64], base[PATH_MAX];
    if (directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = '\0';
    return snprintf(whole, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
}

static int concerns_path(int directory, const char *path) {
    char whole[PATH_MAX];
    return path_at(directory, path, whole) && is_under(whole);
}

static int concerns(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return is_under(path);
}

static char wrong_with(int descriptor) {
    char wrong = set();
    return wrong && concerns(descriptor) ? due(wrong) : 0;
}

static char wrong_with_path(int directory, const char *path) {
    char wrong = set();
    return wrong && concerns_path(directory, path) ? due(wrong) : 0;
}

static int failing(int error) { errno = error; return -1; }

/* The error of what changes names, modes or files, on this disk at the moment; 0 for none. */
static int change_error(char wrong) { return wrong == 'r' ? EROFS : wrong == 'e' ? EIO : 0; }

/* The error of making a file as long as `end`; takes room where there is some. */
static int growth_error(int descriptor, off_t end) {
    struct stat status;
    if (fstat(descriptor, &status) != 0 || end <= status.st_size) return 0;
    long long more = end - status.st_size;
    if (atomic_fetch_sub(&room, more) >= more) return 0;
    atomic_fetch_add(&room, more);
    return ENOSPC;
}

static int write_error(int descriptor, off_t offset, size_t count) {
    char wrong = wrong_with(descriptor);
    if (wrong != 'f') return change_error(wrong);
    if (offset < 0) offset = lseek(descriptor, 0, SEEK_CUR);
    return growth_error(descriptor, offset + (off_t)count);
}

static int read_error(int descriptor) { return wrong_with(descriptor) == 'e' ? EIO : 0; }

static void gave_back(int directory, const char *path) {
    struct stat status;
    if (set() == 'f' && concerns_path(directory, path) &&
        fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
        atomic_fetch_add(&room, (long long)status.st_size);
}

ssize_t write(int descriptor, const void *buffer, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    int error = write_error(descriptor, -1, count);
    return error ? failing(error) : real(descriptor, buffer, count);
}

static ssize_t write_at(int descriptor, const void *buffer, size_t count, off_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
    int error = write_error(descriptor, at, count);
    return error ? failing(error) : real(descriptor, buffer, count, at);
}

ssize_t pwrite(int d, const void *b, size_t c, off_t at) { return write_at(d, b, c, at); }
ssize_t pwrite64(int d, const void *b, size_t c, off_t at) { return write_at(d, b, c, at); }

ssize_t writev(int descriptor, const struct iovec *vector, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    size_t total = 0;
    for (int i = 0; i < count; i++) total += vector[i].iov_len;
    int error = write_error(descriptor, -1, total);
    return error ? failing(error) : real(descriptor, vector, count);
}

ssize_t read(int descriptor, void *buffer, size_t count) {
    REAL(ssize_t, "read", int, void *, size_t);
    int error = read_error(descriptor);
    return error ? failing(error) : real(descriptor, buffer, count);
}

static ssize_t read_at(int descriptor, void *buffer, size_t count, off_t at) {
    REAL(ssize_t, "pread64", int, void *, size_t, off_t);
    int error = read_error(descriptor);
    return error ? failing(error) : real(descriptor, buffer, count, at);
}

ssize_t pread(int d, void *b, size_t c, off_t at) { return read_at(d, b, c, at); }
ssize_t pread64(int d, void *b, size_t c, off_t at) { return read_at(d, b, c, at); }

static int truncate_to(int descriptor, off_t length) {
    REAL(int, "ftruncate64", int, off_t);
    int error = write_error(descriptor, length, 0);
    return error ? failing(error) : real(descriptor, length);
}

int ftruncate(int descriptor, off_t length) { return truncate_to(descriptor, length); }
int ftruncate64(int descriptor, off_t length) { return truncate_to(descriptor, length); }

static int allocate(int descriptor, off_t offset, off_t length) {
    REAL(int, "posix_fallocate64", int, off_t, off_t);
    int error = write_error(descriptor, offset, (size_t)length);
    return error ? error : real(descriptor, offset, length);
}

int posix_fallocate(int d, off_t offset, off_t length) { return allocate(d, offset, length); }
int posix_fallocate64(int d, off_t offset, off_t length) { return allocate(d, offset, length); }

#define SYNC(name) \
    int name(int descriptor) { \
        REAL(int, #name, int); \
        return wrong_with(descriptor) == 'e' ? failing(EIO) : real(descriptor); \
    }
SYNC(fsync)
SYNC(fdatasync)

static int open_error(int directory, const char *path, int flags) {
    char wrong = wrong_with_path(directory, path);
    if (wrong != 'r') return wrong == 'e' ? EIO : 0;
    if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC) return EROFS;
    return flags & O_CREAT && faccessat(directory, path, F_OK, 0) != 0 ? EROFS : 0;
}

static int open_at(int directory, const char *path, int flags, mode_t mode) {
    REAL(int, "openat64", int, const char *, int, ...);
    int error = open_error(directory, path, flags);
    return error ? failing(error) : real(directory, path, flags, mode);
}

#define MODE(last) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list list; va_start(list, last); mode = va_arg(list, mode_t); va_end(list); \
    }
int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }

#define CHANGES(at, path) { \
        int error = change_error(wrong_with_path(at, path)); \
        if (error) return failing(error); \
    }

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    struct stat status;
    /* As the kernel has it: what is there is there, also where nothing can be made. */
    if (set() == 'r' && lstat(path, &status) == 0) return failing(EEXIST);
    CHANGES(AT_FDCWD, path)
    return real(path, mode);
}

int unlinkat(int at, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    CHANGES(at, path)
    gave_back(at, path);
    return real(at, path, flags);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int renameat(int from, const char *path, int to, const char *name) {
    REAL(int, "renameat", int, const char *, int, const char *);
    CHANGES(from, path)
    CHANGES(to, name)
    gave_back(to, name);
    return real(from, path, to, name);
}

int rename(const char *path, const char *name) { return renameat(AT_FDCWD, path, AT_FDCWD, name); }

int link(const char *path, const char *name) {
    REAL(int, "link", const char *, const char *);
    CHANGES(AT_FDCWD, name)
    return real(path, name);
}

int chmod(const char *path, mode_t mode) {
    REAL(int, "chmod", const char *, mode_t);
    CHANGES(AT_FDCWD, path)
    return real(path, mode);
}

int fchmod(int descriptor, mode_t mode) {
    REAL(int, "fchmod", int, mode_t);
    int error = change_error(wrong_with(descriptor));
    return error ? failing(error) : real(descriptor, mode);
}

static int room_of(const char *path, struct statvfs *told) {
    REAL(int, "statvfs64", const char *, struct statvfs *);
    int result = real(path, told);
    if (result == 0 && set() == 'f' && concerns_path(AT_FDCWD, path))
        told->f_bfree = told->f_bavail = (fsblkcnt_t)(atomic_load(&room) / (long long)told->f_frsize);
    return result;
}

int statvfs(const char *path, struct statvfs *told) { return room_of(path, told); }
int statvfs64(const char *path, struct statvfs64 *told) { return room_of(path, (struct statvfs *)told); }
