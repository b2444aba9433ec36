#include <stdio.h>
#include <stdlib.h>

#define MAX_ATTEMPTS 3

struct connection {
    char host[32];
    int attempts;
    struct connection *next;
};

static struct connection *head, **tail = &head;

static void append(struct connection *connection)
{
    connection->next = NULL;
    *tail = connection;
    tail = &connection->next;
}

/* Returns the seconds to wait until the next attempt, or 0 when there will be none. */
static int put_back(struct connection *connection)
{
    connection->attempts++;
    if (connection->attempts >= MAX_ATTEMPTS) {
        free(connection);
        return 0;
    }
    append(connection);
    return 5 << connection->attempts;
}

/* Tries the host that waits longest. */
void try_next(int (*reach)(const char *host))
{
    struct connection *connection = head;

    if (connection == NULL)
        return;
    head = connection->next;
    if (head == NULL)
        tail = &head;
    printf("%s, attempt %d: ", connection->host, connection->attempts + 1);
    if (reach(connection->host)) {
        puts("connected");
        free(connection);
        return;
    }
    int seconds = put_back(connection);
    if (seconds > 0)
        printf("again in %d s\n", seconds);
    else
        puts("given up");
}
