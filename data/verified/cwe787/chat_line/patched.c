#include <stdio.h>
#include <string.h>

#define SCREEN_WIDTH 60
#define HISTORY 4

static int shown;
static char screen[HISTORY][SCREEN_WIDTH + 1];

/* Puts a message below the ones already there, with the nickname of its sender in front. */
void show_message(const char *nick, const char *text)
{
    char line[SCREEN_WIDTH + 1];

    snprintf(line, sizeof(line), "<%s> %s", nick, text);

    if (shown == HISTORY) {
        memmove(screen[0], screen[1], sizeof(screen) - sizeof(screen[0]));
        shown--;
    }
    strcpy(screen[shown++], line);
}

void print_screen(void)
{
    for (int row = 0; row < shown; row++)
        puts(screen[row]);
}
