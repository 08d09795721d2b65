"""Loaded by multiprocessing's fork server alone, before it forks: what children have in common.

Importing it takes the protocol's output away from the fork server, and loads what most children
need, so that a child costs milliseconds. Nothing of it starts threads, which do not survive a fork.
"""

import os
import signal

# Ctrl-C reaches every process of a terminal; the server alone decides what it means.
signal.signal(signal.SIGINT, signal.SIG_IGN)
_void = os.open(os.devnull, os.O_WRONLY)
os.dup2(_void, 1)
os.close(_void)

import stackdocs_mcp.ocr.child  # noqa: E402
import stackdocs_mcp.ocr.pdf  # noqa: E402, F401
from stackdocs_mcp.ocr import sandbox  # noqa: E402

sandbox.prepare()
