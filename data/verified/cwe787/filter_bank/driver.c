/* Arguments: the number of a filter and its coefficients. Prints what it makes of the samples 1, 2, 3 and so on. */
#include <stdio.h>
#include <stdlib.h>
#include HALF

int main(int argc, char **argv)
{
    static double values[64], samples[TAPS];
    size_t count = 0;

    if (argc < 2)
        return 2;
    size_t filter = strtoul(argv[1], NULL, 10);
    for (int i = 2; i < argc && count < 64; i++)
        values[count++] = atof(argv[i]);
    for (int i = 0; i < TAPS; i++)
        samples[i] = i + 1;
    if (set_coefficients(filter, values, count) != 0) {
        puts("refused");
        return 1;
    }
    printf("%.2f\n", run_filter(filter, samples));
    return 0;
}
