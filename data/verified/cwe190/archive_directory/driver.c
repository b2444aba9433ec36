/* Looks the name of the first argument up in the archive on standard input. */
#include <stdio.h>
#include <stdlib.h>
#include HALF

int main(int argc, char **argv)
{
    static uint8_t input[1024];
    struct archive archive;
    struct entry entry;
    size_t size = fread(input, 1, sizeof input, stdin);
    uint8_t *data = malloc(size ? size : 1);

    if (argc < 2 || data == NULL)
        return 2;
    memcpy(data, input, size);
    if (open_archive(&archive, data, (uint32_t)size) != 0) {
        puts("no archive");
        return 1;
    }
    if (find_entry(&archive, argv[1], &entry) == 0)
        printf("%s: %u bytes\n", argv[1], entry.length);
    else
        printf("%s: not there\n", argv[1]);
    free(data);
    return 0;
}
