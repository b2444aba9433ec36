#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define BOARD_SQUARES 64
#define MAX_CAPTURED 30

static char board[BOARD_SQUARES];
static char captured[MAX_CAPTURED];

/* Reads a line of piece letters, white ones in capitals. Returns how many there are, or -1. */
static int read_pieces(char *pieces, int limit, const char *letters)
{
    int count = 0;

    for (int c = getchar(); c != '\n' && c != EOF; c = getchar()) {
        if (count == limit || strchr(letters, c) == NULL)
            return -1;
        pieces[count++] = (char)c;
    }
    return count;
}

/* A saved game is a line with the squares of the board and a line with the pieces beside it. */
int main(void)
{
    int white = 0;

    if (read_pieces(board, BOARD_SQUARES, "PNBRQKpnbrqk.") != BOARD_SQUARES) {
        puts("no board");
        return 1;
    }
    int count = read_pieces(captured, MAX_CAPTURED, "PNBRQpnbrq");
    if (count < 0) {
        puts("no list of captured pieces");
        return 1;
    }
    for (int i = 0; i < count; i++)
        white += isupper((unsigned char)captured[i]) != 0;
    printf("%d white and %d black pieces captured, %c in the corner\n", white, count - white, board[0]);
    return 0;
}
