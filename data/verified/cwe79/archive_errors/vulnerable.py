from html import escape
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit


def read_number(fields, name, lowest, highest):
    """A number from the query of a request; the lowest one where it is not given."""
    number = int(fields.get(name, lowest))
    if not lowest <= number <= highest:
        raise ValueError(f"{name} is {number}, not from {lowest} to {highest}")
    return number


class ArchiveHandler(BaseHTTPRequestHandler):
    """Shows the issues of a magazine: GET /archive?year=1998&month=4."""

    def do_GET(self):
        address = urlsplit(self.path)
        fields = dict(parse_qsl(address.query))
        try:
            year = read_number(fields, "year", 1980, 2024)
            month = read_number(fields, "month", 1, 12)
        except ValueError as error:
            reason = f"{escape(self.command)} {escape(address.path)}: {error}"
            self.send_page(400, "Not a page of the archive", f"<p>{reason}</p>")
            return
        self.send_page(200, f"Issue {year}/{month:02}", f'<img src="/covers/{year}-{month}.png">')

    def send_page(self, status, title, content):
        page = f"<title>{title}</title>\n<h1>{title}</h1>\n{content}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
