import sys

import half

print(half.search_page(sys.argv[1]))
