/* Feeds the arguments to the station as samples and prints the mean. */
#include <stdio.h>
#include <stdlib.h>
#include HALF

int main(int argc, char **argv)
{
    struct station *station = calloc(1, sizeof *station);

    for (int i = 1; i < argc; i++)
        add_sample(station, atof(argv[i]));
    printf("%u samples, mean %.2f\n", station->taken, mean_temperature(station));
    free(station);
    return 0;
}
