#include <stdio.h>
#include <stdlib.h>

#define HOURS 24
#define NIGHT_DEGREES 16

/* Usage: schedule HOUR DEGREES [HOUR DEGREES ...] */
int main(int argc, char **argv)
{
    int degrees[HOURS];

    for (int i = 0; i < HOURS; i++)
        degrees[i] = NIGHT_DEGREES;

    for (int i = 1; i + 1 < argc; i += 2) {
        int hour = atoi(argv[i]);
        int wanted = atoi(argv[i + 1]);

        if (hour < 0 || hour >= HOURS) {
            printf("no such hour: %s\n", argv[i]);
            return 1;
        }
        if (wanted < 5 || wanted > 30) {
            printf("%d degrees are out of reach\n", wanted);
            return 1;
        }
        degrees[hour] = wanted;
    }

    for (int i = 0; i < HOURS; i++)
        printf("%d%c", degrees[i], i == HOURS - 1 ? '\n' : ' ');
    return 0;
}
