"""Read a corpus with the local engine and compare what comes out with what the documents say.

    python benchmarks/documents.py CORPUS [scans] [pair] [turned] [digital] [office] [hostile]

CORPUS has a MANIFEST.jsonl with a line per file: ``{"file", "category", "kind", "gt", "expect"}``,
and what ``gt`` names holds ``{"text", "fields", "route", "order"}``, each of which may be missing.
What counts as found is said in scoring.py. Times are wall clock: of one OCR worker for scans, after
one scan has loaded its models; for pages with a text layer, of the code of the parsing child run in
this process up to the encoded frames, against pdfium's own text of each page, in turn, best of
five, both without garbage collection, as in the child. A file that has to be recognised is no part
of the latter.
"""

import gc
import html
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pypdfium2
import scoring
from PIL import Image, ImageSequence

from stackdocs_mcp.core.engine import Extracted, Pages
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.model import Page, PageSource
from stackdocs_mcp.ocr import pdf, wire
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.ocr.task import Task

ROUNDS = 5
PATIENCE = 30.0
RECOGNISED = {PageSource.OCR, PageSource.HYBRID}
MARKUP = re.compile(r"(?<=\])\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)|<!--.*?-->", re.DOTALL)
FORMS = ("acroform-pdf", "xfa-pdf")


@dataclass(frozen=True)
class Sample:
    file: Path
    kind: str
    expect: str
    text: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    rows: str = ""
    """The text in the order of its boxes, where those are known, else as it is given."""
    route: Sequence[str] = ()
    order: str = "none"


@dataclass(frozen=True)
class Answer:
    pages: list[Page]
    seconds: float
    failure: str = ""

    @property
    def text(self) -> str:
        return "\n".join(line.text for p in self.pages for line in p.lines if not line.hidden)


class Sink:
    """Where frames end whose making is measured."""

    def send_bytes(self, frame: bytes) -> None:
        """Take it."""


def samples(corpus: Path, category: str) -> list[Sample]:
    entries = [
        json.loads(row) for row in (corpus / "MANIFEST.jsonl").read_text("utf-8").split("\n") if row
    ]
    found = []
    for entry in entries:
        if entry["category"] == category:
            truth = json.loads((corpus / entry["gt"]).read_text("utf-8")) if entry["gt"] else {}
            text = truth.get("text") or ""
            boxed = [(line["text"], line["box"]) for line in truth.get("lines") or ()]
            found.append(
                Sample(
                    file=corpus / entry["file"],
                    kind=entry["kind"],
                    expect=entry["expect"] or "",
                    text=text,
                    fields=truth.get("fields") or {},
                    rows=scoring.in_rows(boxed) if boxed else text,
                    route=truth.get("route") or (),
                    order=truth.get("order") or "none",
                )
            )
    return found


async def read(engine: LocalEngine, file: Path) -> Answer:
    items: list[Extracted] = []
    failure = ""
    started = time.perf_counter()
    try:
        items = [item async for item in engine.read(file)]
    except ExtractionFailed as error:
        failure = error.code
    seconds = time.perf_counter() - started
    pages = [page for item in items if isinstance(item, Pages) for page in item.pages]
    return Answer(sorted(pages, key=lambda page: page.number), seconds, failure)


async def scans(engine: LocalEngine, chosen: list[Sample]) -> None:
    await read(engine, chosen[0].file)
    before = processor_seconds()
    answers = [(sample, await read(engine, sample.file)) for sample in chosen]
    report_text(answers)
    pages = [page for _, answer in answers for page in answer.pages]
    seconds = sum(answer.seconds for _, answer in answers)
    print(f"{seconds / len(pages):.2f} seconds a page, {len(pages)} pages, {seconds:.0f} s")
    print(f"{(processor_seconds() - before) / len(pages):.2f} seconds of processor time a page")
    each = sorted(answer.seconds / max(1, len(answer.pages)) for _, answer in answers)
    print(
        f"by file: median {statistics.median(each):.2f} s, p95 {each[int(0.95 * len(each))]:.2f} s"
    )


async def pair(_: LocalEngine, chosen: list[Sample]) -> None:
    """All scans at once, with two workers, after each has loaded its models."""
    engine = LocalEngine(workers=2)
    answers: list[Answer] = []

    async def one(file: Path) -> None:
        answers.append(await read(engine, file))

    try:
        async with anyio.create_task_group() as group:
            for sample in chosen[:2]:
                group.start_soon(one, sample.file)
        answers.clear()
        before, started = processor_seconds(), time.perf_counter()
        async with anyio.create_task_group() as group:
            for sample in chosen:
                group.start_soon(one, sample.file)
        seconds, busy = time.perf_counter() - started, processor_seconds() - before
    finally:
        await engine.close()
    pages = sum(len(answer.pages) for answer in answers)
    print(
        f"{pages / seconds:.2f} pages a second with two workers, "
        f"{busy / pages:.2f} seconds of processor time a page, "
        f"{busy / seconds:.2f} processors busy with it"
    )


def processor_seconds() -> float:
    """Of all descendants of this process, those that have ended included. Linux only."""
    parents, spent = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        spent[int(folder.name)] = sum(map(int, fields[11:15]))
    found = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    found.remove(os.getpid())
    return sum(spent[one] for one in found) / os.sysconf("SC_CLK_TCK")


def report_text(answers: list[tuple[Sample, Answer]]) -> None:
    """Fields of all files, word F1 and CER of those whose text is known."""
    report_fields(answers)
    known = [(s, a) for s, a in answers if s.text]
    shares = [scoring.f1(a.text, s.text) for s, a in known]
    print(f"word F1 {100 * statistics.mean(shares):.1f} % (mean of {len(known)} files)")
    ordered = [(s, a) for s, a in known if s.order == "reading"]
    if ordered:
        given, by_rows = (
            100 * statistics.median(scoring.cer(a.text, text(s)) for s, a in ordered)
            for text in (lambda s: s.text, lambda s: s.rows)
        )
        print(
            f"median CER {by_rows:.1f} % with the truth's boxes read in rows, "
            f"{given:.1f} % in its own order ({len(ordered)} files)"
        )
    for share, (sample, _) in sorted(zip(shares, known, strict=True), key=lambda one: one[0])[:3]:
        print(f"  worst: {100 * share:.1f} % {sample.file.name}")


def report_fields(answers: list[tuple[Sample, Answer]]) -> None:
    wanted = [(s, a, name, value) for s, a in answers for name, value in s.fields.items()]
    missing = [one for one in wanted if not scoring.printed(one[3], one[1].text)]
    rough = sum(scoring.roughly_printed(value, a.text) for _, a, _, value in wanted)
    found = len(wanted) - len(missing)
    print(
        f"fields {percent(found, len(wanted))}, but for punctuation {percent(rough, len(wanted))}"
    )
    for sample, _, name, value in missing:
        print(f"  not found: {sample.file.name} {name} {value!r}")


async def turned(engine: LocalEngine, chosen: list[Sample]) -> None:
    """Scans of one page, each turned by 90, 180 or 270 degrees, beside the same ones upright.

    A picture is turned itself, a PDF by what it says of its page.
    """
    known = [s for s in chosen if s.text and "rot" not in s.kind]
    upright = [(s, await read(engine, s.file)) for s in known]
    upright = [(s, answer) for s, answer in upright if len(answer.pages) == 1]
    pictures = [s for s, _ in upright]
    with tempfile.TemporaryDirectory() as folder:
        sideways = []
        for number, sample in enumerate(pictures):
            file = Path(folder) / sample.file.name
            if sample.file.suffix == ".pdf":
                turned_pdf(sample.file, file, 90 * (number % 3 + 1))
                sideways.append((sample, await read(engine, file)))
                continue
            file = file.with_suffix(".png")
            with Image.open(sample.file) as image:
                next(ImageSequence.Iterator(image)).rotate(90 * (number % 3 + 1), expand=True).save(
                    file
                )
            sideways.append((sample, await read(engine, file)))
    print("upright:")
    report_text(upright)
    print("turned:")
    report_text(sideways)
    for (sample, before), (_, after) in zip(upright, sideways, strict=True):
        lost = scoring.f1(before.text, sample.text) - scoring.f1(after.text, sample.text)
        if abs(lost) > 0.01:
            print(f"  word F1 {-100 * lost:+.1f} by turning {sample.file.name}")
    shares = [
        statistics.mean(scoring.f1(answer.text, sample.text) for sample, answer in answers)
        for answers in (upright, sideways)
    ]
    noticed = sum(page.rotation != 0 for _, answer in sideways for page in answer.pages)
    print(f"{noticed} of {len(sideways)} pages were turned back")
    print(f"turning costs {100 * (shares[0] - shares[1]):+.2f} points of word F1")


def turned_pdf(file: Path, turned: Path, degrees: int) -> None:
    """A copy whose viewer turns the page clockwise."""
    document = pypdfium2.PdfDocument(file)
    page = document[0]
    page.set_rotation((page.get_rotation() + degrees) % 360)
    document.save(turned)
    document.close()


async def digital(engine: LocalEngine, chosen: list[Sample]) -> None:
    answers = [(sample, await read(engine, sample.file)) for sample in chosen]
    report_text(answers)
    known = [(s, a) for s, a in answers if s.text and a.pages]
    ours = statistics.mean(scoring.agreement(a.text, s.text) for s, a in known)
    raw = statistics.mean(scoring.agreement("\n".join(raw_pages(s.file)), s.text) for s, _ in known)
    print(f"order of words {100 * ours:.1f} %, pdfium's own {100 * raw:.1f} % ({len(known)} files)")
    forms = [
        scoring.printed(value, a.text)
        for s, a in answers
        if s.kind in FORMS
        for value in s.fields.values()
    ]
    print(f"form values {percent(sum(forms), len(forms))}")
    routes(answers)
    speed([sample.file for sample in chosen if sample.file.suffix == ".pdf"])


async def office(engine: LocalEngine, chosen: list[Sample]) -> None:
    """Word F1 of each file whose text is known and that can be read, and their mean.

    The truth is Markdown: the addresses of its links and its comments are no text.
    """
    shares = []
    for sample in chosen:
        answer = await read(engine, sample.file)
        share = scoring.f1(answer.text, html.unescape(MARKUP.sub("", sample.text)))
        said = f"{100 * share:5.1f} %" if sample.text else "no truth"
        print(f"{sample.file.name:40} {answer.failure or said}")
        if sample.text and not answer.failure:
            shares.append(share)
    print(f"word F1 {100 * statistics.mean(shares):.1f} % (mean of {len(shares)} files)")


def routes(answers: list[tuple[Sample, Answer]]) -> None:
    """What was recognised needlessly, and what was not although it had to be."""
    good = bad = needless = missed = 0
    for sample, answer in answers:
        for wanted, page in zip(sample.route, answer.pages, strict=False):
            recognised = page.source in RECOGNISED
            good += wanted == "text"
            bad += wanted != "text"
            needless += wanted == "text" and recognised
            missed += wanted != "text" and not recognised
    print(f"needless OCR of {needless} of {good} good pages, {missed} of {bad} bad pages missed")
    unsaid = [page for s, a in answers if not s.route for page in a.pages]
    seen = sum(page.source in RECOGNISED for page in unsaid)
    print(f"of {len(unsaid)} pages of which the truth says nothing, {seen} were recognised")


def speed(files: list[Path]) -> None:
    texts = [file for file in files if has_text_only(file)]
    ours, raw = [], []
    for _ in range(ROUNDS):
        gc.collect()
        gc.disable()
        ours.append(rate(texts, converted))
        raw.append(rate(texts, lambda file: len(raw_pages(file))))
        gc.enable()
    print(
        f"{max(ours):.0f} pages/s, pdfium {max(raw):.0f} pages/s, "
        f"ratio {max(ours) / max(raw):.2f} ({len(texts)} files)"
    )


def rate(files: list[Path], work: Any) -> float:
    started = time.perf_counter()
    pages = sum(work(file) for file in files)
    return pages / (time.perf_counter() - started)


def has_text_only(file: Path) -> bool:
    return not any(isinstance(item, tuple) for item in pdf.pages(file, Task()))


def converted(file: Path) -> int:
    """All that a child does with a file, but for its start; how many pages it had."""
    sink: Any = Sink()
    pages = 0
    for item in pdf.pages(file, Task()):
        assert not isinstance(item, tuple)
        wire.send(sink, item)
        pages += isinstance(item, wire.Read)
    return pages


def raw_pages(file: Path) -> list[str]:
    document = pypdfium2.PdfDocument(file)
    found = []
    for page in document:
        layer = page.get_textpage()
        found.append(layer.get_text_bounded())
        layer.close()
        page.close()
    document.close()
    return found


async def hostile(engine: LocalEngine, chosen: list[Sample], witness: Path) -> None:
    """Each file's answer, and whether a good one can be read after it."""
    expected = (await read(engine, witness)).text
    slow = dead = 0
    for sample in chosen:
        answer = await read(engine, sample.file)
        alive = (await read(engine, witness)).text == expected
        slow += answer.seconds > PATIENCE
        dead += not alive
        said = answer.failure or f"{len(answer.pages)} pages, {len(answer.text)} characters"
        leak = "no_leak:" in sample.expect and sample.expect[8:] in answer.text
        print(
            f"{sample.file.name!a:36} {sample.expect:18} {said:32} {answer.seconds:6.2f} s"
            + ("" if alive else "  ENGINE DEAD")
            + ("  LEAK" if leak else "")
        )
    print(f"{len(chosen)} files, {slow} over {PATIENCE:.0f} s, the engine was dead after {dead}")


def percent(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f} % ({part} of {whole})"


async def main(corpus: Path, parts: Sequence[str]) -> None:
    documents = samples(corpus, "digital")
    scanned = samples(corpus, "scans")
    engine = LocalEngine(workers=1)
    try:
        for name, work in {
            "scans": partial(scans, engine, scanned),
            "pair": partial(pair, engine, scanned),
            "turned": partial(turned, engine, scanned),
            "digital": partial(digital, engine, documents),
            "office": partial(office, engine, samples(corpus, "office")),
            "hostile": partial(hostile, engine, samples(corpus, "hostile"), documents[0].file),
        }.items():
            if not parts or name in parts:
                print(f"\n{name}")
                await work()
    finally:
        await engine.close()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2:])
