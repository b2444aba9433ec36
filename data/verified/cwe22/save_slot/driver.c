/* Arguments: the slot to load from, the slot to save to. A level is won in between. */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    int level, coins;

    if (argc != 3 || load_game(argv[1], &level, &coins) != 0) {
        puts("cannot load");
        return 1;
    }
    level++;
    coins += 50;
    if (save_game(argv[2], level, coins) != 0) {
        puts("cannot save");
        return 1;
    }
    printf("level %d, %d coins\n", level, coins);
    return 0;
}
