/* Standard input: "+NAME CREDIT" subscribes, any other line is a message. */
#include <string.h>
#include HALF

static void subscribe(const char *name, int credit)
{
    struct subscriber *subscriber = malloc(sizeof *subscriber);

    snprintf(subscriber->name, sizeof subscriber->name, "%s", name);
    subscriber->credit = credit;
    subscriber->next = first;
    first = subscriber;
}

int main(void)
{
    char line[128], name[16];
    int credit;

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "+%15s %d", name, &credit) == 2)
            subscribe(name, credit);
        else
            publish(line);
    }
    return 0;
}
