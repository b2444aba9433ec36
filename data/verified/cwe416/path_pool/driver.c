/* Arguments: a folder, then names; each becomes a path below the one before it. */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    struct pool pool = {0};
    size_t offset = 0;

    if (argc < 2 || pool_reserve(&pool, strlen(argv[1]) + 1) == NO_ROOM)
        return 1;
    strcpy(pool.bytes, argv[1]);

    for (int i = 2; i < argc && offset != NO_ROOM; i++) {
        offset = pool_add_below(&pool, offset, argv[i]);
        if (offset != NO_ROOM)
            puts(pool.bytes + offset);
    }
    printf("%zu of %zu bytes\n", pool.used, pool.room);
    free(pool.bytes);
    return 0;
}
