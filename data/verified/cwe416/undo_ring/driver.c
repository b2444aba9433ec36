/* Arguments: a text records it, "-N" goes back by N edits. */
#include <stdio.h>
#include HALF

static void record(struct history *history, const char *text)
{
    struct state *state = calloc(1, sizeof *state);

    snprintf(state->text, sizeof state->text, "%s", text);
    keep(history, state);
}

int main(int argc, char **argv)
{
    struct history history = {0};

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            const char *text = undo(&history, atoi(argv[i] + 1));

            puts(text ? text : "cannot go back");
        } else {
            record(&history, argv[i]);
        }
    }
    return 0;
}
