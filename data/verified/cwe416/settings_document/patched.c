#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    char name[16];
    int scale;
    long value;
    struct node *parent;
};

struct parser {
    struct node *current_node;
};

static struct node *new_node(struct node *parent, const char *name)
{
    struct node *node = calloc(1, sizeof(*node));

    if (node == NULL)
        abort();
    snprintf(node->name, sizeof(node->name), "%s", name);
    node->parent = parent;
    return node;
}

/* Returns 0 for a tag that is skipped; what it holds then belongs to the element around it. */
int open_tag(struct parser *parser, const char *name, int scale)
{
    struct node *node = new_node(parser->current_node, name);
    if (scale < 1 || scale > 1000) {
        free(node);
        return 0;
    }
    node->scale = scale;
    parser->current_node = node;
    return 1;
}

void set_text(struct parser *parser, const char *text)
{
    if (parser->current_node != NULL)
        parser->current_node->value = strtol(text, NULL, 10);
}

void close_tag(struct parser *parser, const char *name)
{
    struct node *node = parser->current_node;

    if (node == NULL || strcmp(node->name, name) != 0)
        return;
    printf("%s = %ld\n", node->name, node->value * node->scale);
    parser->current_node = node->parent;
    free(node);
}
