"""Arguments: KIND NAME NUMBER RECIPIENT."""

import sys

import half

try:
    print(half.compose(*sys.argv[1:5], "report.txt"), end="")
except ValueError as error:
    sys.exit(str(error))
