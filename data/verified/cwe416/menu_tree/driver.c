/* Standard input: "add PARENT LABEL", "select LABEL" and "remove LABEL" for the menu "app"; it is drawn at the end. */
#include <string.h>
#include HALF

static struct entry *add_entry(struct entry *parent, const char *label)
{
    struct entry *entry = calloc(1, sizeof *entry);

    snprintf(entry->label, sizeof entry->label, "%s", label);
    entry->parent = parent;
    if (parent) {
        entry->next = parent->child;
        parent->child = entry;
    }
    return entry;
}

static struct entry *find(struct entry *entry, const char *label)
{
    struct entry *found = NULL;

    if (strcmp(entry->label, label) == 0)
        return entry;
    for (struct entry *child = entry->child; child && !found; child = child->next)
        found = find(child, label);
    return found;
}

int main(void)
{
    char line[80], parent[24], label[24];
    struct entry *app = add_entry(NULL, "app"), *entry;

    selected = app;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "add %23s %23s", parent, label) == 2 && (entry = find(app, parent)))
            add_entry(entry, label);
        else if (sscanf(line, "select %23s", label) == 1 && (entry = find(app, label)))
            selected = entry;
        else if (sscanf(line, "remove %23s", label) == 1 && (entry = find(app, label)))
            remove_entry(entry);
    }
    draw(app, 0);
    return 0;
}
