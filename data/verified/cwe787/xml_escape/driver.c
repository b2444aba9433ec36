/* Escapes the first argument. */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    char *escaped = escape_attribute(argc > 1 ? argv[1] : "");

    if (escaped == NULL)
        return 1;
    printf("value=\"%s\"\n", escaped);
    free(escaped);
    return 0;
}
