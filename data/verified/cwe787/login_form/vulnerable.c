#include <string.h>

#define FIELD_SIZE 128
#define USER_SIZE 32

struct session {
    const char *token;
    char user[USER_SIZE];
};

/* Finds key=value in the body of a form. Returns the length of the value,
 * or -1 when the field is missing or does not fit. */
static int get_field(const char *body, const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key);
    size_t used = 0;

    while (strncmp(body, key, key_length) != 0 || body[key_length] != '=') {
        body = strchr(body, '&');
        if (body == NULL)
            return -1;
        body++;
    }
    for (body += key_length + 1; *body != '\0' && *body != '&'; body++) {
        if (used + 1 >= size)
            return -1;
        value[used++] = *body == '+' ? ' ' : *body;
    }
    value[used] = '\0';
    return (int)used;
}

/* Takes the posted login form. Returns -1 when it is stale or names nobody. */
int read_login(struct session *session, const char *body)
{
    char field[FIELD_SIZE];

    if (get_field(body, "token", field, sizeof(field)) < 0)
        return -1;
    if (strcmp(field, session->token) != 0)
        return -1;
    if (get_field(body, "user", field, sizeof(field)) <= 0)
        return -1;
    strcpy(session->user, field);
    return 0;
}
