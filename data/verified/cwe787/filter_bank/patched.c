#include <stddef.h>
#include <string.h>

#define FILTERS 4
#define TAPS 8

static double bank[FILTERS][TAPS];

/* Replaces the coefficients of one filter; those not given become zero.
 * Returns -1 when there is no such filter or it cannot take that many. */
int set_coefficients(size_t filter, const double *values, size_t count)
{
    if (filter >= FILTERS)
        return -1;
    if (count > TAPS)
        return -1;

    memset(bank[filter], 0, sizeof(bank[filter]));
    for (size_t tap = 0; tap < count; tap++)
        bank[filter][tap] = values[tap];
    return 0;
}

/* The next output of a filter, from the last TAPS samples, newest first. */
double run_filter(size_t filter, const double *samples)
{
    double sum = 0.0;

    for (size_t tap = 0; tap < TAPS; tap++)
        sum += bank[filter][tap] * samples[tap];
    return sum;
}
