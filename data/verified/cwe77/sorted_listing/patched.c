#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define COLUMNS 3

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s COLUMN [-r]\nCOLUMN: 1 artist, 2 year, 3 title\n", program);
    return 2;
}

/* Lists records/ARTIST_YEAR_TITLE, sorted by one part of the names. */
int main(int argc, char **argv)
{
    char command[120];
    const char *order = "";
    int column, length, status;

    if (argc < 2 || argc > 3)
        return usage(argv[0]);
    column = atoi(argv[1]);
    if (column < 1 || column > COLUMNS)
        return usage(argv[0]);
    if (argc == 3 && strcmp(argv[2], "-r") == 0)
        order = " -r";
    length = snprintf(command, sizeof(command), "ls records | sort -t _ -k %d,%d%s", column, column, order);
    if (length < 0 || (size_t)length >= sizeof(command))
        return 1;
    status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
