"""The border at which text becomes text that can be shown."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.ocr import clean

DIRTY = st.text(st.characters(), max_size=200)  # lone surrogates included
SHOWN = st.characters(
    categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u3164\uffa0"
)
"""But the letters that are there to show nothing."""
FORBIDDEN = {"Cc", "Cs", "Co"}
TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.requirement("OCR-CLEAN-01")
@given(DIRTY)
def test_nothing_that_cannot_be_shown_comes_through(text: str) -> None:
    for line in clean.lines(text):
        assert line.encode("utf-8")
        assert not {unicodedata.category(character) for character in line} & FORBIDDEN
        assert not {unicodedata.bidirectional(character) for character in line} & TURNING
        assert not any(ord(character) & 0xFFFE == 0xFFFE for character in line)
        assert unicodedata.is_normalized("NFC", line)


@pytest.mark.requirement("OCR-CLEAN-02")
@given(DIRTY)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean.lines(text)

    assert [again for line in once for again in clean.lines(line)] == once


@pytest.mark.requirement("OCR-CLEAN-03")
@given(st.text(SHOWN, max_size=200))
def test_letters_numbers_and_signs_stay(text: str) -> None:
    kept = "".join(clean.lines(text))

    assert kept == unicodedata.normalize("NFC", text)


@pytest.mark.requirement("OCR-CLEAN-04")
@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("a\x00b\x1b[31m", "ab[31m"),
        ("total\u202e00.1", "total00.1"),
        ("pay\U000e0041\U000e0042 me", "pay me"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("no\u00a0break\u2009thin", "no break thin"),
        ("one\ttwo    three", "one  two  three"),
        ("  around  ", "around"),
        ("e\u0301 \ufb01ne", "é \ufb01ne"),
    ],
)
def test_a_line_is_shown_as_a_reader_sees_it(dirty: str, shown: str) -> None:
    assert clean.line(dirty) == shown


@pytest.mark.requirement("OCR-CLEAN-05")
def test_a_line_that_is_too_long_is_cut_and_loses_nothing() -> None:
    words = " ".join(f"word{n}" for n in range(2_000))

    pieces = clean.lines(words)

    assert max(map(len, pieces)) <= clean.MAX_LINE
    assert " ".join(pieces) == words


@pytest.mark.requirement("OCR-CLEAN-05")
@given(DIRTY.map(lambda text: text * 150))
def test_each_piece_of_a_long_text_gives_one_line(text: str) -> None:
    pieces = clean.pieces(text)

    assert [clean.lines(piece) for piece in pieces] == [[clean.line(piece)] for piece in pieces]
    assert all(len(line) <= clean.MAX_LINE for line in clean.lines(text))
