#include <stdio.h>
#include <stdlib.h>

struct entry {
    char label[24];
    struct entry *parent, *child, *next;
};

struct entry *selected;

static int is_within(const struct entry *entry, const struct entry *tree)
{
    while (entry != NULL && entry != tree)
        entry = entry->parent;
    return entry != NULL;
}

/* Draws a menu; the entries on the way to the selected one are unfolded. */
void draw(const struct entry *entry, int depth)
{
    printf("%*s%c %s\n", 2 * depth, "", selected == entry ? '*' : '-', entry->label);
    if (is_within(selected, entry))
        for (const struct entry *child = entry->child; child != NULL; child = child->next)
            draw(child, depth + 1);
}

static void free_tree(struct entry *entry)
{
    struct entry *child;

    while ((child = entry->child) != NULL) {
        entry->child = child->next;
        free_tree(child);
    }
    free(entry);
}

/* Removes an entry with all that is below it. The topmost entry stays. */
void remove_entry(struct entry *entry)
{
    struct entry **link;

    if (entry->parent == NULL)
        return;
    if (is_within(selected, entry))
        selected = entry->parent;
    for (link = &entry->parent->child; *link != entry; link = &(*link)->next)
        ;
    *link = entry->next;
    free_tree(entry);
}
