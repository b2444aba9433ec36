#include <stdio.h>

enum lamp { RED, RED_AND_AMBER, GREEN, AMBER, BLINKING };
enum event { TIMER, NIGHTFALL, DAYBREAK };

struct crossing {
    enum lamp lamp;
    int seconds_left;
    int cycles;
};

static int duration_of(enum lamp lamp)
{
    switch (lamp) {
    case RED:
        return 40;
    case GREEN:
        return 30;
    case AMBER:
        return 3;
    case RED_AND_AMBER:
        return 2;
    case BLINKING:
        break;
    }
    return 0;
}

static enum lamp after_timer(enum lamp lamp)
{
    switch (lamp) {
    case RED:
        return RED_AND_AMBER;
    case RED_AND_AMBER:
        return GREEN;
    case GREEN:
        return AMBER;
    case AMBER:
        return RED;
    case BLINKING:
        break;
    }
    return lamp;
}

void crossing_handle(struct crossing *c, enum event event)
{
    enum lamp before = c->lamp;

    if (event == NIGHTFALL) {
        c->lamp = BLINKING;
    } else if (event == DAYBREAK && before == BLINKING) {
        c->lamp = RED;
    } else if (event == TIMER) {
        c->lamp = after_timer(before);
    }
    if (before == AMBER && c->lamp == RED) {
        c->cycles++;
    }
    c->seconds_left = duration_of(c->lamp);
    printf("lamp %d for %d seconds, cycle %d\n", c->lamp, c->seconds_left, c->cycles);
}
