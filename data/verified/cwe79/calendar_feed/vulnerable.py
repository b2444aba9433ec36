import json
import sys
from datetime import datetime
from html import escape


def read_events(text):
    """The events of an iCalendar feed, as dictionaries of their properties."""
    event = None
    for line in text.replace("\r\n", "\n").replace("\n ", "").split("\n"):
        if line == "BEGIN:VEVENT":
            event = {}
        elif line == "END:VEVENT" and event is not None:
            yield event
            event = None
        elif event is not None:
            name, _, value = line.partition(":")
            event[name.partition(";")[0]] = value.replace("\\,", ",")


def event_row(event):
    """A row of the page: a button that opens the event, and its title."""
    day = datetime.strptime(event["DTSTART"][:8], "%Y%m%d").date().isoformat()
    uid = event["UID"]
    room = event.get("LOCATION", "")
    call = f'openEvent({json.dumps(day)}, "{uid}", "{room}")'
    title = escape(event.get("SUMMARY", "no title"))
    return f'<li><button onclick="{escape(call)}">{day}</button> {title}</li>'


def main():
    rows = [event_row(event) for event in read_events(sys.stdin.read())]
    print("<ul>", *sorted(rows), "</ul>", sep="\n")


if __name__ == "__main__":
    main()
