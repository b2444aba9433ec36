import sqlite3
from urllib.parse import parse_qsl

FIELDS = ("status", "priority", "assignee", "product")


class TicketFilter:
    """The filters in the address of a list of tickets: status=open&product=router"""

    def __init__(self, address):
        self.requested = dict(parse_qsl(address))
        self.known = {field: value for field, value in self.requested.items() if field in FIELDS}

    def heading(self):
        parts = [f"{field} {value}" for field, value in self.known.items()]
        return "Tickets: " + (", ".join(parts) or "all")

    def conditions(self):
        return [f"{field} = ?" for field in self.requested]

    def values(self):
        return list(self.requested.values())


def ticket_page(connection: sqlite3.Connection, team, address):
    """The lines of the page that lists the tickets of a team."""
    chosen = TicketFilter(address)
    where = " AND ".join(["team = ?", *chosen.conditions()])
    rows = connection.execute(
        f"SELECT id, title FROM tickets WHERE {where} ORDER BY id",
        [team, *chosen.values()],
    )
    return [chosen.heading(), *(f"#{number} {title}" for number, title in rows)]
