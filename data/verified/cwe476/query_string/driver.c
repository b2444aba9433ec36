/* Prints the parameters of the query given as the argument. */
#include HALF
#include <stdio.h>

int main(int argc, char **argv)
{
    struct parameter parameters[4];
    int count = argc == 2 ? read_query(argv[1], parameters, 4) : 0;

    for (int i = 0; i < count; i++)
        printf("%s is '%s'\n", parameters[i].name, parameters[i].value);
    return 0;
}
