#include <stdlib.h>
#include <string.h>

/* Returns a new string with the path of `name` seen from `folder`, or NULL when memory is short.
 * A name that starts with a slash stands for itself. */
char *join_path(const char *folder, const char *name)
{
    size_t folder_length = name[0] == '/' ? 0 : strlen(folder);
    size_t name_length = strlen(name);
    char *path = malloc(folder_length + name_length + 1);
    char *end = path;

    if (path == NULL)
        return NULL;

    memcpy(end, folder, folder_length);
    end += folder_length;
    if (folder_length > 0 && folder[folder_length - 1] != '/')
        *end++ = '/';
    memcpy(end, name, name_length);
    end += name_length;
    *end = '\0';
    return path;
}
