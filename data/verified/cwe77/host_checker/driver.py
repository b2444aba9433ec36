"""Every line of standard input is the path of a request."""

import sys

import half

for line in sys.stdin:
    print(*half.respond(line.rstrip("\n")))
