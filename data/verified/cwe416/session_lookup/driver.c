/* Standard input: "open TOKEN USER", "get TOKEN" and "close USER". */
#include <stdio.h>
#include HALF

static int open_session(const char *token, int user)
{
    int slot = 0;

    while (slot < TABLE_SLOTS && table[slot])
        slot++;
    if (slot == TABLE_SLOTS)
        return 0;
    table[slot] = calloc(1, sizeof *table[slot]);
    table[slot]->user = user;
    snprintf(table[slot]->token, sizeof table[slot]->token, "%s", token);
    return 1;
}

int main(void)
{
    char line[128], token[33];
    int user;

    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "open %32s %d", token, &user) == 2) {
            puts(open_session(token, user) ? "opened" : "table full");
        } else if (sscanf(line, "get %32s", token) == 1) {
            const struct session *session = find_session(token);

            if (session)
                printf("user %d\n", session->user);
            else
                puts("log in first");
        } else if (sscanf(line, "close %d", &user) == 1) {
            close_sessions(user);
        }
    }
    return 0;
}
