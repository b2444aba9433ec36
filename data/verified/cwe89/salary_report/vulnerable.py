import re
import sqlite3
from urllib.parse import parse_qs

SMALLEST_GROUP = 3
DEPARTMENT = re.compile(r"^[A-Za-z][A-Za-z &-]*$", re.MULTILINE)
REMARK = re.compile(r"^\* (.+)$", re.MULTILINE)


def field(form, name):
    return form.get(name, [""])[0].strip()


def average_salaries(connection: sqlite3.Connection, department):
    """The average salary of each grade with enough people to hide the one among the many."""
    return connection.execute(
        "SELECT grade, CAST(avg(salary) AS INTEGER) FROM people"
        " WHERE department = '" + department + "'"
        f" GROUP BY grade HAVING count(*) >= {SMALLEST_GROUP}"
    )


def report(connection, body):
    """The lines of a report, as asked for by a form with a department and a text of remarks."""
    form = parse_qs(body)
    department = field(form, "department")
    if not DEPARTMENT.search(department):
        return ["please name a department"]
    lines = [f"{grade}: {salary}" for grade, salary in average_salaries(connection, department)]
    lines.extend(f"({remark})" for remark in REMARK.findall(field(form, "remarks")))
    return lines
