#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define MAX_HEADERS 12
#define NAME_SIZE 24
#define VALUE_SIZE 40

struct header {
    char name[NAME_SIZE];
    char value[VALUE_SIZE];
};

struct request {
    struct header headers[MAX_HEADERS];
    int header_count;
    struct header *last; /* the one that a folded line belongs to */
};

static int append_value(struct header *header, const char *text)
{
    if (text == NULL || strlen(header->value) + strlen(text) >= VALUE_SIZE)
        return -1;
    strcat(header->value, text);
    return 0;
}

/* Takes a line of the header section, without its line end. One that starts with a blank goes on with the value of the
 * line before it. Returns 0, or -1 when the request should be refused. The request is zero at first. */
int take_header_line(struct request *request, const char *line)
{
    if (isblank((unsigned char)line[0]))
        return append_value(request->last, line);

    size_t length = strcspn(line, ":");

    if (line[length] != ':' || length >= NAME_SIZE || request->header_count == MAX_HEADERS)
        return -1;
    request->last = &request->headers[request->header_count++];
    memcpy(request->last->name, line, length);
    line += length + 1;
    return append_value(request->last, line + strspn(line, " \t"));
}
