/* Standard input: "+HOST" queues a host; "y" and "n" try the next one, which answers or does not. */
#include <string.h>
#include HALF

static int answers;

static int reach(const char *host)
{
    return host[0] != '\0' && answers;
}

int main(void)
{
    char line[32];

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '+') {
            struct connection *connection = calloc(1, sizeof *connection);

            snprintf(connection->host, sizeof connection->host, "%s", line + 1);
            append(connection);
        } else {
            answers = line[0] == 'y';
            try_next(reach);
        }
    }
    return 0;
}
