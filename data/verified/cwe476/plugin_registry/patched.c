#include <stdio.h>
#include <string.h>

#define MAX_PLUGINS 16

struct plugin {
    char name[24];
    char needs[24]; /* the plugin that has to be started before, or "-" */
    int started;
};

static struct plugin plugins[MAX_PLUGINS];
static int plugin_count;

static struct plugin *find_plugin(const char *name)
{
    for (int i = 0; i < plugin_count; i++)
        if (strcmp(plugins[i].name, name) == 0)
            return &plugins[i];
    return NULL;
}

/* Returns 1 when the plugin runs, with all that it needs. */
static int start(struct plugin *plugin)
{
    if (plugin == NULL)
        return 0;
    if (!plugin->started) {
        plugin->started = 1; /* so that two plugins may need each other */
        if (strcmp(plugin->needs, "-") != 0)
            plugin->started = start(find_plugin(plugin->needs));
    }
    return plugin->started;
}

/* Reads "add NAME NEEDS" and "start NAME". */
int main(void)
{
    char line[128], name[24];

    while (fgets(line, sizeof(line), stdin)) {
        struct plugin *plugin = &plugins[plugin_count];

        if (sscanf(line, "start %23s", name) == 1) {
            plugin = find_plugin(name);
            printf("%s %s\n", name, start(plugin) ? "runs" : "cannot run");
        } else if (plugin_count < MAX_PLUGINS && sscanf(line, "add %23s %23s", plugin->name, plugin->needs) == 2) {
            plugin_count++;
        }
    }
    return 0;
}
