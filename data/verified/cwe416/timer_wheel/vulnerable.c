#include <stdio.h>
#include <stdlib.h>

#define WHEEL_SLOTS 8

struct timer {
    int id;
    int stops; /* the timer that is stopped when this one fires, 0 for none */
    struct timer *next;
};

struct timer *wheel[WHEEL_SLOTS]; /* what is in the same slot is due at the same time */
unsigned now;

void stop_timer(int id)
{
    for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
        for (struct timer **link = &wheel[slot]; *link != NULL; link = &(*link)->next) {
            struct timer *timer = *link;

            if (timer->id == id) {
                *link = timer->next;
                free(timer);
                return;
            }
        }
    }
}

void tick(void)
{
    struct timer *timer, *next;

    now = (now + 1) % WHEEL_SLOTS;
    for (timer = wheel[now]; timer != NULL; timer = next) {
        next = timer->next;
        wheel[now] = next;
        printf("timer %d\n", timer->id);
        if (timer->stops != 0)
            stop_timer(timer->stops);
        free(timer);
    }
}
