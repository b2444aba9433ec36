import sys

import half

connection = half.empty_mailbox()
half.Inbox(connection, "elif").deliver("shop@example.org", "Invoice 17")
half.Inbox(connection, "marek").deliver("clinic@example.org", "Results of your blood test")
half.Inbox(connection, "elif").deliver("list@example.org", "50%_off, today only")
half.Inbox(connection, "joana").deliver("choir@example.org", "Rehearsal moved")
half.Inbox(connection, "joana").deliver("choir@example.org", "Re: Rehearsal moved")
half.Inbox(connection, "elif").deliver("list@example.org", "50 people off to the lake")
half.Inbox(connection, "elif").deliver("backup@example.org", "Disk D:\\ is full")
for sender, subject in half.Inbox(connection, sys.argv[1]).search(sys.argv[2]):
    print(f"{sender}: {subject}")
