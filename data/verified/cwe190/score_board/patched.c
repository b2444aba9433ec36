#include <stdio.h>
#include <string.h>

#define PLACES 3
#define NAME_SIZE 16
#define MAX_POINTS 999999

struct place {
    char name[NAME_SIZE];
    int points;
};

/* Reads decimal digits. Returns -1 when there are none or the board has no room for the number. */
static int read_points(const char *text)
{
    int points = 0;

    if (*text < '0' || *text > '9')
        return -1;
    while (*text >= '0' && *text <= '9') {
        points = points * 10 + (*text++ - '0');
        if (points > MAX_POINTS)
            return -1;
    }
    return points;
}

/* Moves the lower places down by one; the last one drops off the board. */
static void enter(struct place *board, const char *name, int points)
{
    int at = PLACES;

    while (at > 0 && points > board[at - 1].points)
        at--;
    if (at == PLACES)
        return;
    memmove(board + at + 1, board + at, (PLACES - 1 - at) * sizeof(*board));
    snprintf(board[at].name, NAME_SIZE, "%.15s", name);
    board[at].points = points;
}

int main(void)
{
    struct place board[PLACES] = {0};
    char line[128], name[64], digits[64];

    while (fgets(line, sizeof(line), stdin))
        if (sscanf(line, "%63s %63s", name, digits) == 2)
            enter(board, name, read_points(digits));
    for (int i = 0; i < PLACES; i++)
        printf("%d. %-15s %6d\n", i + 1, board[i].name, board[i].points);
    return 0;
}
