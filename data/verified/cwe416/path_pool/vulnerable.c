#include <stdlib.h>
#include <string.h>

#define NO_ROOM ((size_t)-1)

/* Strings one behind the other, each with its terminator; a string is known by its offset. */
struct pool {
    char *bytes;
    size_t used, room;
};

static size_t pool_reserve(struct pool *pool, size_t size)
{
    size_t offset = pool->used;

    if (size > pool->room - pool->used) {
        size_t room = pool->used + size + 64;
        char *bytes = realloc(pool->bytes, room);

        if (bytes == NULL)
            return NO_ROOM;
        pool->bytes = bytes;
        pool->room = room;
    }
    pool->used += size;
    return offset;
}

/* Adds the path of a file: the folder, which is in the pool already, a slash and the file's name. */
size_t pool_add_below(struct pool *pool, size_t folder, const char *name)
{
    const char *path = pool->bytes + folder;
    size_t length = strlen(path);
    size_t offset = pool_reserve(pool, length + strlen(name) + 2);

    if (offset == NO_ROOM)
        return NO_ROOM;
    memcpy(pool->bytes + offset, path, length);
    pool->bytes[offset + length] = '/';
    strcpy(pool->bytes + offset + length + 1, name);
    return offset;
}
