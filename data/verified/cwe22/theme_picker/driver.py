import sys

import half

print(half.stylesheet(sys.argv[1]))
