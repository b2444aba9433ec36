import re
import sqlite3

CUSTOMER = re.compile(r"[A-Z]{2}\d{4}")
MONTH = re.compile(r"\d{4}-\d{2}")
COLUMN = re.compile(r"placed|total|status")


class OrderHistory:
    """What a customer has ordered, for the account page of a shop."""

    def __init__(self, connection: sqlite3.Connection, customer):
        if not CUSTOMER.fullmatch(customer):
            raise ValueError("no customer number")
        self.connection = connection
        self.customer = customer

    def in_month(self, day, sort="placed"):
        """The orders of the month that the day lies in, behind the value they are sorted by."""
        month = MONTH.match(day)
        if month is None:
            return []
        if not COLUMN.fullmatch(sort):
            sort = "placed"
        rows = self.connection.execute(
            f"SELECT {sort} AS leading, number FROM orders WHERE customer = ? AND placed LIKE ? ORDER BY leading",
            (self.customer, month.group() + "-%"),
        )
        return [f"{leading}: order {number}" for leading, number in rows]
