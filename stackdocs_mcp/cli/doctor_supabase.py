"""``doctor`` on a Supabase project: what is set, what the project says to it, and what it lacks.

Each service is asked once, for what needs no user; nothing is changed. Secrets are masked.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from stackdocs_mcp.cli.barrier import told
from stackdocs_mcp.cli.finding import Finding
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.stores.supabase.errors import TOKEN, UNKNOWN_FUNCTION
from stackdocs_mcp.stores.supabase.project import Caller, Minter, SigningKey
from stackdocs_mcp.stores.supabase.steps import RELOAD, Migration, changed, known, missing, unknown

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0
APART = 30.0
"""Seconds between clocks from which on it is a problem; tokens are good for 60."""
WAITED = 300
"""Seconds that the first document waits and none is being read: then nobody is there to."""
BUCKET = "documents"
_UNKNOWN_ROLE = "22023"
_MIGRATE = "Run `stackdocs-mcp migrate`"


def masked(key: str) -> str:
    """Enough of a key to tell it from another one, and nothing of a short one."""
    return f"****{key[-4:]}" if len(key) >= 16 else "****"


async def on_supabase(settings: Settings, clock: Callable[[], float] = time.time) -> list[Finding]:
    """What is found, in the order in which it is worth mending."""
    url, publishable = settings.supabase_url, settings.supabase_publishable_key
    signing = settings.supabase_signing_key
    found: list[Finding] = []
    if url is None or publishable is None or signing is None:  # settings are checked together
        found.append(Finding("Supabase", "ok", "not used: STACKDOCS_SUPABASE_URL is not set"))
    else:
        found += [
            one async for one in _project(url, publishable, signing.get_secret_value(), clock)
        ]
    if settings.supabase_db_url is not None:
        found += [one async for one in _database(settings.supabase_db_url.get_secret_value())]
    elif url is not None:
        said = "STACKDOCS_SUPABASE_DB_URL is not set: `stackdocs-mcp migrate` needs it, and news "
        said += "of changes come at once where it is; servers work without it"
        found.append(Finding("Supabase database", "ok", said))
    return found


async def _project(
    url: str, publishable: str, signing: str, clock: Callable[[], float]
) -> AsyncIterator[Finding]:
    import httpx  # noqa: PLC0415  only where a project is set

    key = SigningKey(signing)
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS) as http:
        asking = _Asking(http, publishable, key, clock)
        keys = await asking.get("/auth/v1/.well-known/jwks.json", signed=False)
        trusted = keys.body.get("keys") if isinstance(keys.body, dict) else None
        if not isinstance(trusted, list):
            yield Finding("Supabase", "problem", _unreachable(url, keys.status))
            return
        yield Finding("Supabase", "ok", f"{url} answers")
        yield _clock(keys)
        yield (known_key := _signing(signing, key.kid, trusted))
        if known_key.state == "problem":
            return
        versions = await asking.call("sd_version")
        if versions.refused_key:
            yield Finding(
                "Supabase",
                "problem",
                f"the project refuses STACKDOCS_SUPABASE_PUBLISHABLE_KEY ({masked(publishable)}). "
                "Copy the publishable (or anon) key again from the project's API keys.",
            )
            return
        yield Finding("Supabase", "ok", f"the publishable key {masked(publishable)} is accepted")
        yield (migrated := _migrations(versions))
        if migrated.state == "ok":  # else the database is the cause of what they would say
            yield await _bucket(asking)
            yield _queue(await asking.call("sd_queue_waiting"))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a service said; status 0 when nobody did."""

    status: int
    body: Any = None
    ahead: float | None = None
    """Seconds that this machine's clock is ahead of the answer's."""

    @property
    def code(self) -> str:
        return str(self.body.get("code") or "") if isinstance(self.body, dict) else ""

    @property
    def refused_key(self) -> bool:
        """By what stands before all services, and knows no codes of theirs."""
        return self.status in {401, 403} and not self.code


class _Asking:
    """Asks the project as the program itself, by its clock."""

    def __init__(
        self,
        http: "httpx.AsyncClient",
        publishable: str,
        key: SigningKey,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._http = http
        self._publishable = publishable
        self._ahead = 0.0
        self._minter = Minter(key, lambda: self._clock() - self._ahead)

    async def get(self, path: str, *, signed: bool = True) -> _Answer:
        return await self._ask("GET", path, signed=signed)

    async def call(self, function: str) -> _Answer:
        return await self._ask("POST", f"/rest/v1/rpc/{function}", signed=True)

    async def _ask(self, method: str, path: str, *, signed: bool) -> _Answer:
        import httpx  # noqa: PLC0415  see above

        headers = {"apikey": self._publishable}
        if signed:
            token = self._minter.token(Caller("stackdocs_server"))
            headers["Authorization"] = f"Bearer {token}"
        sent: dict[str, str] | None = {} if method == "POST" else None
        try:
            answer = await self._http.request(method, path, headers=headers, json=sent)
        except (httpx.HTTPError, httpx.InvalidURL):
            return _Answer(0)
        try:
            body = answer.json()
        except ValueError:
            body = None
        ahead = None
        if date := answer.headers.get("date"):
            ahead = self._clock() - parsedate_to_datetime(date).timestamp()
            self._ahead = ahead
        return _Answer(answer.status_code, body, ahead)


def _unreachable(url: str, status: int) -> str:
    if status == 0:
        return f"{url} cannot be reached. Check STACKDOCS_SUPABASE_URL and the network."
    return (
        f"{url} answers with {status} where a project has its keys. Check STACKDOCS_SUPABASE_URL: "
        "it is https://REF.supabase.co, without a path; a paused project has to be restored."
    )


def _clock(answer: _Answer) -> Finding:
    ahead = answer.ahead
    if ahead is None:
        return Finding("clock", "ok", "the project does not say what time it is")
    if abs(ahead) < APART:
        return Finding("clock", "ok", f"within {APART:.0f} s of the project's")
    where = "ahead of" if ahead > 0 else "behind"
    text = f"{abs(ahead):.0f} s {where} the project's. Set this machine's clock, by NTP for good."
    return Finding("clock", "problem", text)


def _signing(text: str, kid: str, trusted: Sequence[Mapping[str, Any]]) -> Finding:
    ours = json.loads(text)
    theirs = [one for one in trusted if isinstance(one, dict) and one.get("kid") == kid]
    if not theirs:
        others = ", ".join(str(one.get("kid", "")) for one in trusted) or "none"
        return Finding(
            "signing key",
            "problem",
            f"the project does not know the key {kid}, only {others}. Import "
            "STACKDOCS_SUPABASE_SIGNING_KEY under JWT signing keys in its settings, or set the "
            "key that is there; a new one is known everywhere after some minutes.",
        )
    if not any(_same(ours, one) for one in theirs):
        text = f"the project has another key with the id {kid}. Set the one that is there, "
        return Finding("signing key", "problem", f"{text}or import this one with an id of its own.")
    return Finding("signing key", "ok", f"{kid}, ES256, which the project trusts")


def _same(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    return all(
        str(ours.get(part, "")).rstrip("=") == str(theirs.get(part, "")).rstrip("=")
        for part in ("kty", "crv", "x", "y")
    )


def _migrations(answer: _Answer) -> Finding:
    what = "migrations"
    if answer.status == 200 and isinstance(answer.body, list):
        return _compared(answer.body, known())
    if answer.code in TOKEN:
        text = "the project's API refuses a token of a key that the project says it trusts. "
        return Finding(
            what, "problem", f"{text}Wait some minutes: keys are kept there for a while."
        )
    if answer.code in UNKNOWN_FUNCTION | {_UNKNOWN_ROLE}:
        text = f"the project's API knows no function of this program. {_MIGRATE}; if that was done,"
        return Finding(what, "problem", f"{text} run `{RELOAD}` in the project's SQL editor.")
    text = f"the project's API answers with {answer.status or 'nothing'}: its database does not "
    text += "answer. One that restarts is back in a minute; else look at the project's logs."
    return Finding(what, "problem", text)


def _compared(there: Sequence[str], steps: Sequence[Migration]) -> Finding:
    what, newest = "migrations", steps[-1].version
    if strange := unknown(steps, there):
        text = f"the database has version {strange[-1]}; this program knows versions up to {newest}"
        return Finding(what, "problem", f"{text}. Install the newer stackdocs-mcp.")
    if lacking := missing(steps, there):
        text = f"{len(lacking)} of {len(steps)} are missing, the first is {lacking[0].label}. "
        return Finding(what, "problem", f"{text}{_MIGRATE}.")
    return Finding(what, "ok", f"all {len(steps)} are there, version {newest}")


async def _bucket(asking: _Asking) -> Finding:
    answer = await asking.get(f"/storage/v1/bucket/{BUCKET}")
    what = "bucket"
    if answer.status == 200 and isinstance(answer.body, dict):
        if answer.body.get("public"):
            text = f"{BUCKET!r} is public: whoever has an address reads a document without any key."
            return Finding(what, "problem", f"{text} Make it private in the project's Storage.")
        return Finding(what, "ok", f"{BUCKET!r} is there, and private")
    if answer.status == 0 or answer.status >= 500:
        said = answer.status or "nothing"
        text = f"the project's Storage answers with {said}. Look at the project's logs."
        return Finding(what, "problem", text)
    text = f"there is no bucket {BUCKET!r} that this program may use. Make a private one of this "
    return Finding(
        what, "problem", f"{text}name in the project's Storage; a migration makes one too."
    )


def _queue(answer: _Answer) -> Finding:
    what = "queue"
    if answer.status == 200 and isinstance(answer.body, dict):
        return _read(answer.body)
    if answer.code in UNKNOWN_FUNCTION:
        text = "the project's API does not know all functions of this program yet. In the project's"
        return Finding(what, "problem", f"{text} SQL editor, run `{RELOAD}`.")
    text = "the queue 'stackdocs_reading' is missing. Enable Queues under Integrations in the "
    return Finding(
        what,
        "problem",
        f"{text}dashboard, then run `call stackdocs.make_queue()` in its SQL editor.",
    )


def _read(queue: Mapping[str, int]) -> Finding:
    """Whether somebody reads: documents wait for long only while others are being read."""
    documents, seconds = queue["documents"], queue["seconds"]
    said = f"{documents:,} document{'' if documents == 1 else 's'}"
    if queue["taken"] or seconds < WAITED:
        return Finding("queue", "ok", f"{said} in it")
    wait = "waits" if documents == 1 else "wait"
    text = f"{said} {wait} since {seconds // 60} min and nobody reads. Start `stackdocs-mcp worker`"
    return Finding("queue", "problem", f"{text}, or serve without --worker off.")


async def _database(url: str) -> AsyncIterator[Finding]:
    from stackdocs_mcp.stores.supabase.migrating import (  # noqa: PLC0415  only where one is set
        MayNotMigrate,
        applied,
        connected,
    )

    what = "Supabase database"
    try:
        async with connected(url) as connection:
            there = await applied(connection)
    except MayNotMigrate:
        text = "STACKDOCS_SUPABASE_DB_URL is accepted, for news of changes; `stackdocs-mcp migrate`"
        yield Finding(what, "ok", f"{text} needs the project's `postgres` user")
        return
    except StackdocsError as error:
        yield Finding(what, "problem", told(error.message, error.advice))
        return
    yield Finding(what, "ok", "STACKDOCS_SUPABASE_DB_URL is accepted")
    compared = _compared([step.version for step in there], known())
    if compared.state == "problem":  # the API was asked for the same
        yield Finding(what, "problem", compared.text)
    for step in changed(known(), there):
        text = f"the migration {step.label} was applied with other contents. Install the "
        yield Finding(what, "problem", f"{text}stackdocs-mcp that applied it.")
