import hashlib
import sqlite3
from urllib.parse import parse_qs

NAME_LENGTH = 16
SITE_LENGTH = 24


def text_field(form, key, length):
    """A field of the form, cut to its length, for use between quotes."""
    value = form.get(key, [""])[0].strip()
    return value[:length].replace("'", "''")


def digest_field(form, key):
    value = form.get(key, [""])[0]
    return hashlib.sha256(value.encode()).hexdigest()


def log_in(connection: sqlite3.Connection, body):
    """The name and role of the member of staff who sent this form, or None."""
    form = parse_qs(body)
    name = text_field(form, "name", NAME_LENGTH)
    site = text_field(form, "site", SITE_LENGTH)
    digest = digest_field(form, "password")
    query = f"""
        SELECT name, role FROM staff
        WHERE name = '{name}' AND site = '{site}' AND digest = '{digest}'
        AND left_on IS NULL ORDER BY id
    """
    return connection.execute(query).fetchone()
