"""What a decision about a bearer token costs: ``python benchmarks/tokens.py``.

One provider on loopback, its keys fetched once. Good tokens of each kind, known and unknown to the
cache, and bad ones that are refused at each step. Printed is the median of the rounds in
microseconds, and as a multiple of what the signature check of an ES256 token costs by itself in the
same round, so that the numbers of two machines can be compared. The last column is how much of one
processor 10,000 such tokens a second would take.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent.parent))

from stackdocs_mcp.auth.compact import take_apart
from stackdocs_mcp.auth.keys import usable
from tests.auth.cases import GOOD
from tests.auth.signing import signer
from tests.auth.site import OTHER, Site, site

ROUNDS, TOKENS = 7, 400

Made = Callable[[Site, str], str]
"""A token with this id."""

ROWS: dict[str, tuple[Made, str]] = {
    "good, ES256": (lambda s, n: s.token(jti=n), GOOD),
    "good, RS256": (lambda s, n: s.token(signer("RS256", "k2"), jti=n), GOOD),
    "good, EdDSA": (lambda s, n: s.token(signer("EdDSA", "k3"), jti=n), GOOD),
    "no token": (lambda _, n: f"secret-{n}", "form"),
    "100 KB": (lambda _, n: f"{n}{'x' * 100_000}", "size"),
    "7 KB of claims, another issuer": (
        lambda s, n: s.token(jti=n, iss="x", pad="x" * 5_000),
        "issuer",
    ),
    "expired": (lambda s, n: s.token(jti=n, iat=1, exp=2), "expired"),
    "another stack": (lambda s, n: s.token(jti=n, aud=OTHER), "audience"),
    "unknown key": (lambda s, n: s.token(jti=n, header={"kid": f"k{n}"}), "kid"),
    "bad signature": (lambda s, n: s.token(signer("ES256", "k1", 9), jti=n), "signature"),
}


async def timed(found: Site, tokens: list[str], expected: str) -> float:
    """Microseconds for each."""
    before = time.perf_counter()
    outcomes = [await found.outcome(token) for token in tokens]
    took = time.perf_counter() - before
    assert set(outcomes) == {expected}, set(outcomes)
    return took / len(tokens) * 1e6


def bare(token: str) -> float:
    """The same for the signature alone."""
    (key,) = usable({"keys": [signer("ES256").jwk]}, {"ES256"})
    parts = take_apart(token)
    before = time.perf_counter()
    for _ in range(TOKENS):
        assert key.verifies("ES256", parts.signed, parts.signature)
    return (time.perf_counter() - before) / TOKENS * 1e6


async def main() -> None:
    async with site() as found:
        keys = [signer("ES256"), signer("RS256", "k2"), signer("EdDSA", "k3")]
        found.provider.publish(*(one.jwk for one in keys))
        assert await found.outcome(found.token()) == GOOD

        names = ["the signature alone", *ROWS, "good, verified a moment ago"]
        took: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(ROUNDS):
            took["the signature alone"].append(bare(found.token()))
            for name, (made, expected) in ROWS.items():
                tokens = [made(found, f"{turn}-{number}") for number in range(TOKENS)]
                took[name].append(await timed(found, tokens, expected))
            known = [found.token(jti=f"known-{turn}")] * TOKENS
            await found.outcome(known[0])
            took[names[-1]].append(await timed(found, known, GOOD))
        fetched = found.provider.fetched

    print(f"{'token':34}{'us':>8}{'ratio':>8}{'10k/s':>8}")
    for name, all_rounds in took.items():
        ratios = [one / base for one, base in zip(all_rounds, took[names[0]], strict=True)]
        median = statistics.median(all_rounds)
        print(f"{name:34}{median:8.1f}{statistics.median(ratios):8.2f}{median / 1e6 * 1e4:8.0%}")
    print(f"keys fetched {fetched} time(s)")


anyio.run(main)
