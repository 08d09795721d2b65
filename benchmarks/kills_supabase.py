"""Kill -9 of replicas on one Supabase project: all that was answered is there, nothing half done.

    python benchmarks/kills_supabase.py [KILLS]

A quarter each while setting fields, completing, uploading and reading (100 in all when left out),
each at a random moment; after each kill everything is looked through. Ends with the first thing
that is wrong.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

import anyio

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.supabase.killing import KINDS  # noqa: E402
from tests.supabase.rig import running  # noqa: E402


async def kill(kills: int, seed: int) -> None:
    moments = random.Random(seed)
    with running() as project, tempfile.TemporaryDirectory() as folder:
        for name, killing in KINDS.items():
            began = time.monotonic()
            said = await killing(project, Path(folder) / name, kills, moments)
            seconds = time.monotonic() - began
            print(f"{name}: {kills} kills, {said} answered calls there, {seconds:.0f} s")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    anyio.run(kill, -(-wanted // len(KINDS)), seed)
