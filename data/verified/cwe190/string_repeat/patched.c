#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OUTPUT 4096

/* Makes a string of so many copies of a text. Returns NULL when that is too long. */
static char *repeat(const char *text, size_t count)
{
    size_t length = strlen(text);

    if (length == 0 || count == 0)
        return calloc(1, 1);

    if (count > MAX_OUTPUT / length)
        return NULL;
    size_t total = length * count;

    char *result = malloc(total + 1);
    if (result == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        memcpy(result + i * length, text, length);
    result[total] = '\0';
    return result;
}

/* Usage: repeat TEXT COUNT */
int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: repeat TEXT COUNT\n");
        return 2;
    }

    char *result = repeat(argv[1], strtoul(argv[2], NULL, 10));
    if (result == NULL) {
        puts("too long");
        return 1;
    }
    puts(result);
    free(result);
    return 0;
}
