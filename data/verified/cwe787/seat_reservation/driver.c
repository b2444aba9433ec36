/* Reserves each argument for the passenger of its number and lists the places taken, counted from 1. */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    const char *before = "plan: ";

    for (int i = 1; i < argc; i++) {
        if (reserve(argv[i], (unsigned)i) == 0)
            printf("%s for %d\n", argv[i], i);
        else
            printf("no place %s\n", argv[i]);
    }
    for (unsigned place = 0; place < ROWS * SEATS; place++) {
        unsigned passenger = plan[place / SEATS][place % SEATS];

        if (passenger == 0)
            continue;
        printf("%s%u %u", before, place + 1, passenger);
        before = ", ";
    }
    if (before[0] == ',')
        putchar('\n');
    return 0;
}
