"""`python -m epochgraph`."""

import sys

from .command import main

sys.exit(main())
