#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_SIZE 20
#define MAX_WORDS 500

struct entry {
    int count;
    char word[WORD_SIZE];
};

static struct entry table[MAX_WORDS];
static int used;

static void count_word(const char *word)
{
    int i = 0;

    while (i < used && strcmp(table[i].word, word) != 0)
        i++;
    if (i == MAX_WORDS)
        return;
    if (i == used)
        strcpy(table[used++].word, word);
    table[i].count++;
}

int main(void)
{
    char word[WORD_SIZE];
    int length = 0;
    int c;

    do {
        c = getchar();
        if (isalpha(c)) {
            if (length < WORD_SIZE - 1)
                word[length++] = (char)tolower(c);
        } else if (length > 0) {
            word[length] = '\0';
            count_word(word);
            length = 0;
        }
    } while (c != EOF);

    for (int i = 0; i < used; i++)
        printf("%d %s\n", table[i].count, table[i].word);
    return 0;
}
