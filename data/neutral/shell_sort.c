#include <stdbool.h>
#include <stdio.h>

#define HOURS 12

static int readings[HOURS] = {41, 7, 19, 88, 3, 56, 23, 70, 12, 64, 35, 9};

/* Insertion sort over elements that stand `gap` places apart, for ever smaller gaps. */
static void shell_sort(int values[HOURS])
{
    for (int gap = HOURS / 2; gap > 0; gap /= 2) {
        for (int right = gap; right < HOURS; right++) {
            int lifted = values[right];
            int hole = right;

            while (hole >= gap && values[hole - gap] > lifted) {
                values[hole] = values[hole - gap];
                hole -= gap;
            }
            values[hole] = lifted;
        }
    }
}

static bool ascending(const int values[HOURS])
{
    for (int right = 1; right < HOURS; right++) {
        if (values[right - 1] > values[right]) {
            return false;
        }
    }
    return true;
}

static double median(const int sorted[HOURS])
{
    return (sorted[HOURS / 2 - 1] + sorted[HOURS / 2]) / 2.0;
}

int main(void)
{
    shell_sort(readings);
    for (int place = 0; place < HOURS; place++) {
        printf("%d%s", readings[place], place + 1 < HOURS ? ", " : "\n");
    }
    printf("sorted: %s, median: %.1f\n", ascending(readings) ? "yes" : "no", median(readings));
    return 0;
}
