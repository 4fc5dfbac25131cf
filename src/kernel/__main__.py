"""Where bin/console enters: put src on the path, which an isolated interpreter does not."""

import os
import sys

for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
    if getattr(sys, name) is None:  # closed by whoever started us: a database must not get it
        os.open(os.devnull, os.O_RDWR)
        os.set_inheritable(number, True)
        setattr(sys, name, os.fdopen(number, mode))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - pathlib is slower to load

from kernel.console import main  # noqa: E402 - found by the path set above

code = main(sys.argv[1:])
for stream in (sys.stdout, sys.stderr):
    try:
        stream.flush()
    except OSError:  # a full disk behind the log says nothing of the run: its exit code stands
        continue
# What is left is torn down by the kernel in no time; the interpreter takes 10 ms over it, most of
# them for SQLite's last checkpoint, which the next run's commits do anyway.
os._exit(code)
