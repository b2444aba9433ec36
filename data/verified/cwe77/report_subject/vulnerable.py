import shlex
import subprocess

SUBJECTS = {
    "weekly": "Report on {name}, week {number}",
    "alarm": "ALARM: {name} (level {number})",
}
LONGEST_NAME = 40


def subject_line(kind, name, number):
    """The subject of a report, as a word for the shell."""
    template = shlex.quote(SUBJECTS[kind])
    return template.format(name=name, number=number)


def compose(kind, name, number, recipient, report):
    """The letter with its head, ready to be sent. `report` is the path of its text."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"a name has 1 to {LONGEST_NAME} characters")
    subject = subject_line(kind, name, int(number))
    head = rf"printf 'To: %s\nSubject: %s\n\n' {shlex.quote(recipient)} {subject}"
    command = f"{head} | cat - {shlex.quote(report)}"
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
