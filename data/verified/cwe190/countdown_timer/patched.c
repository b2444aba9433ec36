#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR 3600
#define MINUTE 60

/* Reads a number of seconds. Returns 0, or -1 when the text is none or an int has no room for it. */
static int read_seconds(const char *text, int *seconds)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < INT_MIN || value > INT_MAX)
        return -1;
    *seconds = (int)value;
    return 0;
}

/* Prints the seconds that are left, or, below zero, those that have passed since the start. */
static void print_clock(int seconds)
{
    char side = seconds < 0 ? '+' : '-';

    if (seconds > 0)
        seconds = -seconds;
    printf("T%c%d:%02d:%02d\n", side, -(seconds / HOUR), -(seconds / MINUTE % 60), -(seconds % MINUTE));
}

/* Usage: countdown SECONDS... */
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int seconds;

        if (read_seconds(argv[i], &seconds) != 0) {
            printf("%s is no number of seconds\n", argv[i]);
            return 1;
        }
        print_clock(seconds);
    }
    return 0;
}
