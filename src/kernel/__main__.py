"""Where bin/console enters: put src on the path, which an isolated interpreter does not."""

import os.path
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - pathlib is slower to load

from kernel.console import main

sys.exit(main(sys.argv[1:]))
