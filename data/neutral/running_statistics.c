#include <math.h>
#include <stdio.h>

/* Mean and variance in a single pass; no observation is kept. */
struct summary {
    unsigned long observations;
    double mean;
    double squares;
    double lowest;
    double highest;
};

void summary_reset(struct summary *s)
{
    s->observations = 0;
    s->mean = 0.0;
    s->squares = 0.0;
    s->lowest = INFINITY;
    s->highest = -INFINITY;
}

void summary_observe(struct summary *s, double value)
{
    double deviation = value - s->mean;

    s->observations++;
    s->mean += deviation / (double)s->observations;
    s->squares += deviation * (value - s->mean);
    s->lowest = fmin(s->lowest, value);
    s->highest = fmax(s->highest, value);
}

double summary_variance(const struct summary *s)
{
    if (s->observations < 2) {
        return NAN;
    }
    return s->squares / (double)(s->observations - 1);
}

void summary_print(const struct summary *s, const char *title)
{
    printf("%s: %lu observations\n", title, s->observations);
    if (s->observations == 0) {
        return;
    }
    printf("  mean      %10.3f\n", s->mean);
    printf("  deviation %10.3f\n", sqrt(summary_variance(s)));
    printf("  range     %10.3f to %.3f\n", s->lowest, s->highest);
}
