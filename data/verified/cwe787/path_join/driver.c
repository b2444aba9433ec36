/* Usage: join FOLDER NAME */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    char *path = join_path(argv[1], argv[2]);
    if (path == NULL)
        return 1;
    puts(path);
    free(path);
    return 0;
}
