#include <stdlib.h>

#define STATES 4

/* The text of a note after an edit. A state that was gone back to stands in the ring more than once. */
struct state {
    int uses;
    char text[60];
};

struct history {
    struct state *ring[STATES];
    int taken;
};

static struct state *retain(struct state *state)
{
    state->uses++;
    return state;
}

static void release(struct state *state)
{
    if (state != NULL && --state->uses == 0)
        free(state);
}

/* Makes a state the newest one, in the place of the oldest. */
static void keep(struct history *history, struct state *state)
{
    struct state **slot = &history->ring[history->taken++ % STATES];

    release(*slot);
    *slot = retain(state);
}

/* Goes back by some edits. This is an edit too, and can be undone. */
const char *undo(struct history *history, int edits)
{
    if (edits < 1 || edits >= STATES || edits >= history->taken)
        return NULL;
    keep(history, history->ring[(history->taken - 1 - edits) % STATES]);
    return history->ring[(history->taken - 1) % STATES]->text;
}
