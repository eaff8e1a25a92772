/* Stands between a program and the system calls that touch files below one folder (LD_PRELOAD, Linux with glibc).

   Every such call counts. Of a program's n-th one this makes a failure, or the end of the process before or in the
   middle of it; or it writes down all that changes files, for tests/faults/recorded_disk.py. What is not below the
   watched folder goes through untouched. Control: faults_watch, faults_arm, faults_count and faults_place, by ctypes. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, FAIL, FAIL_FROM, KILL, KILL_WITHIN };
enum { READING = 1, WRITING = 2 };

static char watched[PATH_MAX];
static size_t watched_length;
static int mode, failure, kinds, recording = -1;
static long target, counted;
static char place[PATH_MAX + 32];
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int below(const char *path) {
    return watched_length && !strncmp(path, watched, watched_length) &&
           (path[watched_length] == '/' || !path[watched_length]);
}

/* The whole path of a name that is relative to a folder that is open, or to the working folder. */
static const char *whole(int folder, const char *name, char *buffer) {
    if (!watched_length || !name) return NULL;
    if (name[0] == '/') {
        snprintf(buffer, PATH_MAX, "%s", name);
    } else {
        char link[64];
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, buffer, PATH_MAX / 2);
        if (length < 0) return NULL;
        snprintf(buffer + length, PATH_MAX / 2, "/%s", name);
    }
    return below(buffer) ? buffer : NULL;
}

static const char *of_handle(int handle, char *buffer) {
    char link[64];
    if (!watched_length) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return below(buffer) ? buffer : NULL;
}

/* Whether the call shall fail; does not return where the process ends here. In KILL_WITHIN, -1 asks for half a write. */
static int strikes(const char *call, const char *path, int kind) {
    if (!path || !call || !(kinds & kind)) return 0;
    pthread_mutex_lock(&lock);
    long number = ++counted;
    int struck = mode != COUNT && (number == target || (mode == FAIL_FROM && number > target));
    if (number == target || (mode == COUNT)) snprintf(place, sizeof place, "%s %s", call, path);
    pthread_mutex_unlock(&lock);
    if (!struck) return 0;
    if (mode == KILL) kill(getpid(), SIGKILL), pause();
    if (mode == KILL_WITHIN) return -1;
    errno = failure;
    return 1;
}

/* The record: a line of text for each call, followed by the bytes that it wrote. */
static void put(const void *data, size_t size) {
    REAL(write);
    while (size) {
        ssize_t done = real(recording, data, size);
        if (done <= 0) abort();
        data = (const char *)data + done;
        size -= done;
    }
}

static uint64_t inode(int handle) {
    struct stat status;
    return fstat(handle, &status) ? 0 : status.st_ino;
}

static void note(const char *call, uint64_t file, long long at, size_t size, const void *data, const char *one,
                 const char *other) {
    char head[2 * PATH_MAX + 128];
    if (recording < 0 || !call) return;
    pthread_mutex_lock(&lock);
    int length = snprintf(head, sizeof head, "%s\t%llu\t%lld\t%zu\t%s\t%s\n", call, (unsigned long long)file, at, size,
                          one ? one : "", other ? other : "");
    put(head, length);
    if (data) put(data, size);
    pthread_mutex_unlock(&lock);
}

void faults_watch(const char *folder, const char *record) {
    REAL(open);
    snprintf(watched, sizeof watched, "%s", folder);
    watched_length = strlen(watched);
    if (recording >= 0) close(recording);
    recording = record ? real(record, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    mode = COUNT;
    counted = 0;
    kinds = READING | WRITING;
}

void faults_arm(int how, long nth, int error, int of) {
    mode = how, target = nth, failure = error, kinds = of, counted = 0, place[0] = 0;
}

long faults_count(void) { return counted; }

const char *faults_place(void) { return place; }

/* Opening */

static int opened(int (*real)(int, const char *, int, ...), const char *call, int folder, const char *name, int flags,
                  mode_t rights) {
    char buffer[PATH_MAX];
    const char *path = whole(folder, name, buffer);
    int writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    if (strikes(writes ? call : "open to read", path, writes ? WRITING : READING)) {
        if (mode == KILL_WITHIN) kill(getpid(), SIGKILL), pause();
        return -1;
    }
    struct stat status;
    int there = path && writes && !fstatat(folder, name, &status, 0);
    int handle = real(folder, name, flags, rights);
    if (path && writes && handle >= 0) {
        int saved = errno;
        if (!there) note("create", inode(handle), 0, 0, NULL, path, NULL);
        if (there && flags & O_TRUNC) note("truncate", inode(handle), 0, 0, NULL, path, NULL);
        if (flags & (O_SYNC | O_DSYNC)) note("syncing", inode(handle), handle, 0, NULL, path, NULL);
        errno = saved;
    }
    return handle;
}

static int real_openat(int folder, const char *name, int flags, ...) {
    REAL(openat);
    va_list rest;
    va_start(rest, flags);
    int rights = va_arg(rest, int);
    va_end(rest);
    return real(folder, name, flags, rights);
}

#define RIGHTS \
    va_list rest; \
    va_start(rest, flags); \
    mode_t rights = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0; \
    va_end(rest)

int open(const char *name, int flags, ...) { RIGHTS; return opened(real_openat, "open", AT_FDCWD, name, flags, rights); }
int open64(const char *name, int flags, ...) { RIGHTS; return opened(real_openat, "open", AT_FDCWD, name, flags, rights); }
int openat(int at, const char *name, int flags, ...) { RIGHTS; return opened(real_openat, "open", at, name, flags, rights); }
int openat64(int at, const char *name, int flags, ...) { RIGHTS; return opened(real_openat, "open", at, name, flags, rights); }

DIR *opendir(const char *name) {
    REAL(opendir);
    char buffer[PATH_MAX];
    return strikes("list", whole(AT_FDCWD, name, buffer), READING) > 0 ? NULL : real(name);
}

/* Reading */

#define READER(name, parameters, arguments) \
    ssize_t name parameters { \
        REAL(name); \
        char buffer[PATH_MAX]; \
        return strikes("read", of_handle(handle, buffer), READING) > 0 ? -1 : real arguments; \
    }

READER(read, (int handle, void *data, size_t size), (handle, data, size))
READER(pread, (int handle, void *data, size_t size, off_t at), (handle, data, size, at))
READER(pread64, (int handle, void *data, size_t size, off64_t at), (handle, data, size, at))
READER(readv, (int handle, const struct iovec *parts, int count), (handle, parts, count))

void *mmap(void *at, size_t size, int rights, int flags, int handle, off_t from) {
    REAL(mmap);
    char buffer[PATH_MAX];
    if (handle >= 0 && strikes("map", of_handle(handle, buffer), READING) > 0) return MAP_FAILED;
    return real(at, size, rights, flags, handle, from);
}

/* Writing: at < 0 stands for where the handle is, which the record gives as the place that it then wrote to. */

static ssize_t written(int handle, const struct iovec *parts, int count, off64_t at) {
    REAL(pwritev64);
    static ssize_t (*real_writev)(int, const struct iovec *, int);
    if (!real_writev) real_writev = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    char buffer[PATH_MAX];
    const char *path = handle == recording ? NULL : of_handle(handle, buffer);
    int struck = strikes("write", path, WRITING);
    if (struck > 0) return -1;
    if (struck < 0) {
        struct iovec half = {parts[0].iov_base, (parts[0].iov_len + 1) / 2};
        ssize_t done = at < 0 ? real_writev(handle, &half, 1) : real(handle, &half, 1, at);
        (void)done, kill(getpid(), SIGKILL), pause();
    }
    ssize_t done = at < 0 ? real_writev(handle, parts, count) : real(handle, parts, count, at);
    if (path && done > 0 && recording >= 0) {
        int saved = errno;
        off64_t from = at < 0 ? lseek64(handle, 0, SEEK_CUR) - done : at;
        size_t left = done;
        for (int i = 0; i < count && left; i++) {
            size_t part = parts[i].iov_len < left ? parts[i].iov_len : left;
            note("write", inode(handle), from, part, parts[i].iov_base, path, NULL);
            from += part, left -= part;
        }
        errno = saved;
    }
    return done;
}

ssize_t write(int handle, const void *data, size_t size) {
    struct iovec part = {(void *)data, size};
    return written(handle, &part, 1, -1);
}
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) {
    struct iovec part = {(void *)data, size};
    return written(handle, &part, 1, at);
}
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) {
    struct iovec part = {(void *)data, size};
    return written(handle, &part, 1, at);
}
ssize_t writev(int handle, const struct iovec *parts, int count) { return written(handle, parts, count, -1); }
ssize_t pwritev(int handle, const struct iovec *parts, int count, off_t at) { return written(handle, parts, count, at); }
ssize_t pwritev64(int handle, const struct iovec *parts, int count, off64_t at) {
    return written(handle, parts, count, at);
}

#define HANDLED(name, call, parameters, arguments, size) \
    int name parameters { \
        REAL(name); \
        char buffer[PATH_MAX]; \
        const char *path = of_handle(handle, buffer); \
        int struck = strikes(call, path, WRITING); \
        if (struck > 0) return -1; \
        if (struck < 0) kill(getpid(), SIGKILL), pause(); \
        int result = real arguments; \
        if (path && !result) note(call, inode(handle), size, 0, NULL, path, NULL); \
        return result; \
    }

HANDLED(fsync, "sync", (int handle), (handle), 0)
HANDLED(fdatasync, "sync", (int handle), (handle), 0)
HANDLED(ftruncate, "resize", (int handle, off_t size), (handle, size), size)
HANDLED(ftruncate64, "resize", (int handle, off64_t size), (handle, size), size)
HANDLED(flock, how & LOCK_UN ? NULL : "lock", (int handle, int how), (handle, how), 0)

/* Names */

#define NAMED(name, call, parameters, folder, path_of, arguments) \
    int name parameters { \
        REAL(name); \
        char buffer[PATH_MAX]; \
        const char *path = whole(folder, path_of, buffer); \
        int struck = strikes(call, path, WRITING); \
        if (struck > 0) return -1; \
        if (struck < 0) kill(getpid(), SIGKILL), pause(); \
        int result = real arguments; \
        if (path && !result) note(call, 0, 0, 0, NULL, path, NULL); \
        return result; \
    }

NAMED(mkdir, "mkdir", (const char *name_, mode_t rights), AT_FDCWD, name_, (name_, rights))
NAMED(mkdirat, "mkdir", (int at, const char *name_, mode_t rights), at, name_, (at, name_, rights))
NAMED(unlink, "unlink", (const char *name_), AT_FDCWD, name_, (name_))
NAMED(unlinkat, flags & AT_REMOVEDIR ? "rmdir" : "unlink", (int at, const char *name_, int flags), at, name_,
      (at, name_, flags))
NAMED(rmdir, "rmdir", (const char *name_), AT_FDCWD, name_, (name_))

static int renamed(int from, const char *old, int to, const char *new, unsigned flags) {
    static int (*real)(int, const char *, int, const char *, unsigned);
    if (!real) real = (int (*)(int, const char *, int, const char *, unsigned))dlsym(RTLD_NEXT, "renameat2");
    char one[PATH_MAX], other[PATH_MAX];
    const char *source = whole(from, old, one), *path = whole(to, new, other);
    int struck = strikes("rename", path, WRITING);
    if (struck > 0) return -1;
    if (struck < 0) kill(getpid(), SIGKILL), pause();
    int result = real(from, old, to, new, flags);
    if (path && !result) note(flags & RENAME_EXCHANGE ? "exchange" : "rename", 0, 0, 0, NULL, source, path);
    return result;
}

int rename(const char *old, const char *new) { return renamed(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) { return renamed(from, old, to, new, 0); }
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    return renamed(from, old, to, new, flags);
}
