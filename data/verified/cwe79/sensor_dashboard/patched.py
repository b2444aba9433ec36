import json
import sys
from html import escape
from string import Template

PAGE = Template("""\
<!DOCTYPE html>
<title>$title</title>
<canvas id="chart"></canvas>
<script>
const series = $series;
drawChart(document.getElementById("chart"), series);
</script>
""")


def read_series(lines):
    """The values of each sensor from lines such as "cellar north;11.5"."""
    series = {}
    for line in lines:
        sensor, mark, value = line.strip().rpartition(";")
        if mark:
            series.setdefault(sensor, []).append(float(value))
    return series


def inline_json(value):
    """JSON as it is written between the tags of a script."""
    return json.dumps(value).replace("<", "\\u003c")


def dashboard(title, lines):
    return PAGE.substitute(title=escape(title), series=inline_json(read_series(lines)))


if __name__ == "__main__":
    print(dashboard(sys.argv[1], sys.stdin), end="")
