#include <stdio.h>
#include <stdlib.h>

#define MAX_DEPARTURES 100

struct departure {
    int minute; /* of the day */
    int line;
    struct departure *next;
};

static struct departure departures[MAX_DEPARTURES];

/* Puts a departure into the list, which is in the order of the day. */
static void insert(struct departure **first, struct departure *departure)
{
    struct departure **place = first;

    while (*place != NULL && (*place)->minute <= departure->minute)
        place = &(*place)->next;
    departure->next = *place;
    *place = departure;
}

static const struct departure *next_departure(const struct departure *departure, int now, int line)
{
    while (departure != NULL && (departure->minute < now || departure->line != line))
        departure = departure->next;
    return departure;
}

/* Standard input: the departures at a stop, "HOUR:MINUTE LINE". Arguments: the hour, the minute, the line to take. */
int main(int argc, char **argv)
{
    struct departure *first = NULL;
    int count = 0, hour, minute, line;

    if (argc != 4)
        return 2;
    while (count < MAX_DEPARTURES && scanf("%2d:%2d %4d", &hour, &minute, &line) == 3) {
        departures[count].minute = 60 * hour + minute;
        departures[count].line = line;
        insert(&first, &departures[count++]);
    }

    int now = 60 * (atoi(argv[1]) % 24) + atoi(argv[2]) % 60;
    const struct departure *next = next_departure(first, now, atoi(argv[3]));

    if (next == NULL)
        puts("no bus today");
    else
        printf("line %d at %d:%02d\n", next->line, next->minute / 60, next->minute % 60);
    return 0;
}
