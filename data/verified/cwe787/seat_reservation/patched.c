#include <ctype.h>
#include <stdlib.h>

#define ROWS 12
#define SEATS 6

/* The number of the passenger in each place, 0 where it is free. */
static unsigned plan[ROWS][SEATS];

static void release(unsigned passenger)
{
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned seat = 0; seat < SEATS; seat++) {
            if (plan[row][seat] == passenger)
                plan[row][seat] = 0;
        }
    }
}

/* Puts a passenger in a place like 7C and releases the one held before.
 * Whoever had the place loses it. Returns -1 when there is no such place. */
int reserve(const char *place, unsigned passenger)
{
    char *end;

    if (!isdigit((unsigned char)place[0]))
        return -1;
    unsigned row = strtoul(place, &end, 10) - 1;
    unsigned seat = *end - 'A';

    if (row >= ROWS || seat >= SEATS)
        return -1;
    release(passenger);
    plan[row][seat] = passenger;
    return 0;
}
