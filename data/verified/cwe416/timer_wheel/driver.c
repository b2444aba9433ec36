/* Standard input: "start ID DELAY STOPS", "stop ID" and "tick". */
#include <string.h>
#include HALF

static void start_timer(int id, unsigned delay, int stops)
{
    struct timer **slot = &wheel[(now + delay) % WHEEL_SLOTS];
    struct timer *timer = malloc(sizeof *timer);

    timer->id = id;
    timer->stops = stops;
    timer->next = *slot;
    *slot = timer;
}

int main(void)
{
    char line[64];
    int id, stops;
    unsigned delay;

    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "start %d %u %d", &id, &delay, &stops) == 3) {
            if (delay > 0 && delay < WHEEL_SLOTS)
                start_timer(id, delay, stops);
            else
                printf("timer %d refused\n", id);
        } else if (sscanf(line, "stop %d", &id) == 1) {
            stop_timer(id);
        } else if (strcmp(line, "tick\n") == 0) {
            tick();
        }
    }
    return 0;
}
