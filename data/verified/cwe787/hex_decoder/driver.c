/* Decodes the first argument and prints the bytes as decimal numbers. */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    size_t size;
    uint8_t *bytes = decode_hex(argc > 1 ? argv[1] : "", &size);

    if (bytes == NULL) {
        puts("no hex string");
        return 1;
    }
    printf("%zu bytes:", size);
    for (size_t i = 0; i < size; i++)
        printf(" %d", bytes[i]);
    putchar('\n');
    free(bytes);
    return 0;
}
