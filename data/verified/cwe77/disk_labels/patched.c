#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_LENGTH 32

/* Writes the label as one word for the shell, at most four times as long and two more. */
static void quote_label(const char *label, char *word)
{
    *word++ = '\'';
    for (; *label; label++) {
        if (*label == '\'')
            word = stpcpy(word, "'\\''");
        else
            *word++ = *label;
    }
    strcpy(word, "'");
}

/* Prints the sticker for the disk in a bay. Underscores stand for spaces. Returns 0 when that worked. */
int print_sticker(unsigned bay, const char *label)
{
    char word[4 * LABEL_LENGTH + 3];
    char command[sizeof(word) + 64];

    if (strlen(label) > LABEL_LENGTH)
        return -1;
    quote_label(label, word);
    snprintf(command, sizeof(command), "printf 'Bay %%02d  %%s\\n' %u %s | tr _ ' '", bay, word);
    fflush(stdout);
    return system(command);
}
