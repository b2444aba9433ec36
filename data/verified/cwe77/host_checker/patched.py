"""Answers GET /check/HOST from the inventory: in which racks does the host stand?"""

import re
import subprocess
from urllib.parse import unquote

PREFIX = "/check/"
INVENTORY = "inventory.txt"
HOST = re.compile(r"[\w.:%-]{1,64}")  # a name, or an address with its zone: fe80::1%eth0


def racks(host):
    """The racks of a host, sorted."""
    command = f"grep -F -w -e {host} {INVENTORY} | cut -d ' ' -f 2 | sort"
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout.split()


def respond(path):
    """Returns: the status and the text of the answer."""
    if not path.startswith(PREFIX):
        return 404, "no such page"
    host = unquote(path.removeprefix(PREFIX))
    if not HOST.fullmatch(host):
        return 400, "not the name of a host"
    found = racks(host)
    if not found:
        return 404, "no such host"
    return 200, ", ".join(found)
