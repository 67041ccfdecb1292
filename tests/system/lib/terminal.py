#!/usr/bin/env python3
"""Run a command on a terminal of its own: terminal.py ROWS COLUMNS [TEXT=KEYS]... -- COMMAND...

Whenever the output so far has TEXT in what came after the last answer, KEYS are typed ("\\x03" is Ctrl-C); KEYS of
the form size:ROWS,COLUMNS resize the terminal instead. What the command wrote goes to standard output, and its exit
status is this program's (128 + signal when it died of one).
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

PATIENCE_S = 60

split = sys.argv.index("--")
rows, columns = int(sys.argv[1]), int(sys.argv[2])
answers = [a.split("=", 1) for a in sys.argv[3:split]]
command = sys.argv[split + 1 :]


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, fd = pty.fork()
if pid == 0:
    resize(0, rows, columns)
    os.execvp(command[0], command)
seen = b""
end = time.monotonic() + PATIENCE_S
while time.monotonic() < end:
    if not select.select([fd], [], [], 0.5)[0]:
        continue
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    os.write(1, piece)
    seen += piece
    if answers and answers[0][0].encode() in seen:
        keys = answers.pop(0)[1]
        seen = b""
        if keys.startswith("size:"):
            resize(fd, *map(int, keys[5:].split(",")))
        else:
            os.write(fd, keys.encode().decode("unicode_escape").encode())
else:
    os.kill(pid, signal.SIGKILL)
    print("terminal.py: not over in time", file=sys.stderr)
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
