#include <stdio.h>
#include <stdlib.h>

struct subscriber {
    char name[16];
    int credit; /* messages paid for */
    struct subscriber *next;
};

static struct subscriber *first;

static void unsubscribe(struct subscriber *subscriber)
{
    struct subscriber **link = &first;

    while (*link != subscriber)
        link = &(*link)->next;
    *link = subscriber->next;
    free(subscriber);
}

static void deliver(struct subscriber *subscriber, const char *message)
{
    if (subscriber->credit > 0) {
        subscriber->credit--;
        printf("%s: %s\n", subscriber->name, message);
    } else {
        printf("%s: your credit is used up\n", subscriber->name);
        unsubscribe(subscriber);
    }
}

void publish(const char *message)
{
    for (struct subscriber *current = first; current != NULL; current = current->next) {
        deliver(current, message);
    }
}
