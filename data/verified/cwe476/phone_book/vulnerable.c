#include <stdio.h>
#include <string.h>

#define MAX_ENTRIES 50

struct entry {
    char name[24];
    char number[24];
    char see[24]; /* the name of the household whose telephone this person uses */
};

static struct entry book[MAX_ENTRIES];
static int entry_count;

static const struct entry *find_entry(const char *name)
{
    for (int i = 0; i < entry_count; i++)
        if (strcmp(book[i].name, name) == 0)
            return &book[i];
    return NULL;
}

static const char *number_of(const char *name)
{
    const struct entry *entry = find_entry(name);

    if (entry != NULL && entry->see[0] != '\0')
        entry = find_entry(entry->see);
    else if (entry == NULL)
        return "not listed";
    return entry->number[0] != '\0' ? entry->number : "no telephone";
}

/* Reads "number NAME DIGITS", "see NAME OTHER" and "call NAME". */
int main(void)
{
    char line[128], name[24], text[24];

    while (fgets(line, sizeof(line), stdin)) {
        struct entry *entry = &book[entry_count];

        if (sscanf(line, "call %23s", name) == 1)
            printf("%s: %s\n", name, number_of(name));
        else if (entry_count == MAX_ENTRIES)
            puts("the book is full");
        else if (sscanf(line, "number %23s %23s", entry->name, entry->number) == 2)
            entry_count++;
        else if (sscanf(line, "see %23s %23s", name, text) == 2) {
            strcpy(entry->name, name);
            strcpy(entry->see, text);
            entry_count++;
        }
    }
    return 0;
}
