"""``doctor``: what is configured, what works, and what to do about what does not."""

import importlib
import importlib.util
import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stackdocs_mcp import __version__
from stackdocs_mcp.cli.barrier import FAILED, run, told
from stackdocs_mcp.cli.doctor_http import over_http
from stackdocs_mcp.cli.doctor_supabase import masked, on_supabase
from stackdocs_mcp.cli.finding import Finding
from stackdocs_mcp.cli.histories import MOST_BRIEFLY, Looked, look_through
from stackdocs_mcp.cli.output import put, put_table, shown
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.ocr import backend, worker
from stackdocs_mcp.ocr.sandbox import protections
from stackdocs_mcp.server.compose import now, user_of
from stackdocs_mcp.server.storing import look_into
from stackdocs_mcp.settings import KEY, Settings
from stackdocs_mcp.stores.embedded import FILE, is_current
from stackdocs_mcp.stores.migrate import known, version as schema_version

LOW_MB = 500
"""Free space below this is said to be a problem: OCR and SQLite's log need some."""
MOST = 20
"""Documents with a broken history that are named."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examine(settings: Settings, sources: Mapping[str, str], kept: Mapping[DocumentId, str]) -> int:
    """Print findings and settings; 1 when there is a problem. Changes nothing on disk.

    ``kept`` are digests that the histories of documents once came to.
    """
    project = run(lambda: on_supabase(settings))
    findings = [
        *_program(),
        _you(settings),
        *_data_folder(settings),
        *project,
        *([] if settings.is_on_supabase else _store(settings)),
        *_histories(settings, kept, project),
        *_ocr(),
        *_parsers(),
        *_reading(settings),
        *_passwords(settings),
        *over_http(settings),
    ]
    for one in findings:
        put(f"{one.state:8} {one.what}: {shown(one.text)}")
    put("")
    rows = [(name, _value(name, getattr(settings, name)), sources[name]) for name in sources]
    put_table(("setting", "value", "from"), rows)
    return FAILED if any(one.state == "problem" for one in findings) else 0


def _program() -> Iterator[Finding]:
    yield Finding("stackdocs-mcp", "ok", f"{__version__}, {platform.system()} {platform.machine()}")
    yield Finding("Python", "ok", f"{platform.python_version()}, {sys.executable}")
    try:
        yield Finding("MCP SDK", "ok", version("mcp"))
    except PackageNotFoundError:
        yield Finding("MCP SDK", "problem", "not installed. Install stackdocs-mcp again.")


def _you(settings: Settings) -> Finding:
    """Who the commands and a server over standard input and output work for."""
    if not settings.is_on_supabase:
        return Finding("you are", "ok", f"{user_of(settings)} (your account on this machine)")
    where = "account and host name; STACKDOCS_USER sets another"
    if settings.user is not None:
        where = "STACKDOCS_USER"
    return Finding("you are", "ok", f"{user_of(settings)} ({where})")


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            "data folder",
            "problem",
            f"{folder} may not be written to. Change its rights, or choose another (--data-dir).",
        )
        return
    rights = ""
    if there == folder and os.name == "posix":
        mode = folder.stat().st_mode
        rights = f", {stat.filemode(mode)}"
        if mode & _OTHERS:
            yield Finding(
                "data folder", "problem", f"{folder} is open to others{rights}. chmod 700 it."
            )
    free = shutil.disk_usage(there).free // 1_000_000
    made = "" if there == folder else ", made on first use"
    if free < LOW_MB:
        yield Finding("data folder", "problem", f"only {free:,} MB free. Make room on the disk.")
    yield Finding("data folder", "ok", f"{folder}{rights}{made}, {free:,} MB free")


def _store(settings: Settings) -> Iterator[Finding]:
    """Opened for reading alone, so that looking does not make or migrate anything."""
    path = settings.data_dir.absolute() / FILE
    if not path.exists():
        yield Finding("store", "ok", "none yet, made on first use")
        return
    newest = known()[-1].number
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            has = schema_version(connection)
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, StackdocsError):
        yield Finding(
            "store",
            "problem",
            f"{path} cannot be read as a store. Restore it from a backup, or move it away.",
        )
        return
    if answer != "ok":
        yield Finding("store", "problem", f"{path} is damaged. Restore it from a backup.")
        return
    if has > newest:
        text = told(
            f"version {has}; this program knows versions up to {newest}",
            "Install the newer stackdocs-mcp that wrote it.",
        )
        yield Finding("store", "problem", text)
        return
    if not _takes_writes(path):
        yield Finding(
            "store",
            "problem",
            f"{path} cannot be written, or another process holds it. Check its rights and its "
            "folder's, and the free space.",
        )
        return
    waiting = "" if has == newest else f", brought to version {newest} on next use"
    yield Finding("store", "ok", f"version {has}, intact, SQLite {sqlite3.sqlite_version}{waiting}")


def _histories(
    settings: Settings, kept: Mapping[DocumentId, str], project: Sequence[Finding]
) -> Iterator[Finding]:
    """The histories of the user, worked out anew. Nothing where there is no such store.

    In a project that cannot be asked nothing is looked at either: what is wrong was said.
    """
    try:
        if not _has_store(settings, project):
            return
    except StackdocsError as error:
        yield Finding("history", "problem", told(error.message, error.advice))
        return
    looked = run(lambda: _looked_through(settings, kept))
    if isinstance(looked, StackdocsError):
        yield Finding("history", "problem", told(looked.message, looked.advice))
        return
    for one in looked.wrong[:MOST]:
        yield Finding("history", "problem", one)
    if len(looked.wrong) > MOST:
        yield Finding("history", "problem", f"and {len(looked.wrong) - MOST} more documents")
    if not looked.wrong:
        changes = _counted(looked.changes, "change")
        said = f"{changes} of {_counted(looked.documents, 'document')}, fitting together"
        rest = "; there are more, and with --digests FILE all are looked at"
        yield Finding("history", "ok", f"{said}{rest if looked.more else ''}")


def _has_store(settings: Settings, project: Sequence[Finding]) -> bool:
    if settings.is_on_supabase:
        return any(one.what == "migrations" and one.state == "ok" for one in project)
    path = settings.data_dir.absolute() / FILE
    return path.exists() and is_current(path)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


async def _looked_through(
    settings: Settings, kept: Mapping[DocumentId, str]
) -> Looked | StackdocsError:
    """What was found, or what kept it from being looked at."""
    try:
        store = await look_into(settings, now)
        most = MOST_BRIEFLY if settings.is_on_supabase else None
        try:
            return await look_through(store, user_of(settings), kept, most)
        finally:
            await store.close()
    except StackdocsError as error:
        return error


def _takes_writes(path: Path) -> bool:
    """A write could begin; nothing is written."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA user_version = 0")
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return True


def _ocr() -> Iterator[Finding]:
    advice = "Scans cannot be read; text layers and DOCX still work. Install stackdocs-mcp again."
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None or importlib.util.find_spec("onnxruntime") is None:
        yield Finding("OCR", "problem", f"rapidocr or onnxruntime is not installed. {advice}")
        return
    models = sorted(one.name for one in (Path(spec.origin).parent / "models").glob("*.onnx"))
    for part, role in (("_det_", "finds lines"), ("_rec_", "reads lines")):
        found = [name for name in models if part in name]
        if not found:
            yield Finding("OCR", "problem", f"the model that {role} is missing. {advice}")
            continue
        yield Finding("OCR", "ok", f"{role}: {', '.join(found)}")
    if backend.preferred() == "onnxruntime":
        yield Finding("OCR", "ok", f"runs on onnxruntime {version('onnxruntime')}")
        return
    worker.silence()
    try:
        importlib.import_module("openvino")
    except Exception:  # noqa: BLE001 - whatever keeps it from loading
        said = "OpenVINO is installed but does not load, so onnxruntime is used. Install it again."
        yield Finding("OCR", "problem", said)
        return
    yield Finding("OCR", "ok", f"runs on OpenVINO {version('openvino')}")


def _parsers() -> Iterator[Finding]:
    """What the processes that see documents cannot do, should one of them be taken over."""
    for each in protections():
        yield Finding("parser processes", "missing" if each.missing else "ok", each.said)


def _reading(settings: Settings) -> Iterator[Finding]:
    chosen = settings.reading
    spoken = ", ".join(chosen.languages or ()) or "any"
    yield Finding("reading", "ok", f"{chosen.engine}, {chosen.mode}, languages {spoken}")
    yield from _mistral(settings)


def _mistral(settings: Settings) -> Iterator[Finding]:
    """Nothing is sent: that the key is accepted shows when the first page is read."""
    key = settings.mistral_key
    if key is None:  # an engine that needs it would have ended the command before
        yield Finding("Mistral OCR", "ok", f"not used: {KEY} is not set")
        return
    if importlib.util.find_spec("mistralai") is None:
        yield Finding(
            "Mistral OCR", "problem", "mistralai is not installed. Install stackdocs-mcp again."
        )
        return
    used = "used" if settings.reading.engine == "mistral" else "used where a stack chooses it"
    yield Finding("Mistral OCR", "ok", f"{used}, {KEY} is {masked(key.get_secret_value())}")


def _passwords(settings: Settings) -> Iterator[Finding]:
    file = settings.password_file
    if file is None:
        return
    mode = file.stat().st_mode
    if os.name == "posix" and mode & _OTHERS:
        text = f"{file} is open to others, {stat.filemode(mode)}. chmod 600 it."
        yield Finding("passwords", "problem", text)
        return
    yield Finding("passwords", "ok", f"{len(settings.passwords)} to try on encrypted PDFs")


def _value(name: str, value: object) -> str:
    if name == "supabase_publishable_key" and value is not None:
        return masked(str(value))
    if isinstance(value, Ocr):
        return f"{value.engine},{value.mode}"
    if value is None or value == ():
        return "-"
    if isinstance(value, tuple | frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)
