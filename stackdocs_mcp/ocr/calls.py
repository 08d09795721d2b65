"""The calls into pdfium that are made for each piece of text or object of a page.

pypdfium2's own declarations check every pointer, which costs more than most of these calls do.
Here handles and buffers are plain addresses, taken once a page, and other threads wait: no call is
long enough to let them run. Importing this loads pdfium.
"""

import ctypes
from array import array
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as c

Address = int
_INT, _AT = ctypes.c_int, ctypes.c_void_p


def address(handle: object) -> Address:
    """Where what a pypdfium2 object or a pointer stands for is."""
    raw: Any = getattr(handle, "raw", handle)
    found = ctypes.cast(raw, _AT).value
    return found or 0


def places(numbers: "array[float] | array[int]") -> list[Address]:
    """Where pdfium can write each of them."""
    first, count = numbers.buffer_info()
    return [first + index * numbers.itemsize for index in range(count)]


def _declared(function: Any, answer: Any, *parameters: Any) -> Callable[..., Any]:
    place = ctypes.cast(function, _AT).value
    assert place
    return ctypes.PYFUNCTYPE(answer, *parameters)(place)


count_rectangles: Callable[[Address, int, int], int] = _declared(
    c.FPDFText_CountRects, _INT, _AT, _INT, _INT
)
get_rectangle: Callable[[Address, int, Address, Address, Address, Address], int] = _declared(
    c.FPDFText_GetRect, _INT, _AT, _INT, _AT, _AT, _AT, _AT
)
get_loose_box: Callable[[Address, int, Address], int] = _declared(
    c.FPDFText_GetLooseCharBox, _INT, _AT, _INT, _AT
)
get_angle: Callable[[Address, int], float] = _declared(
    c.FPDFText_GetCharAngle, ctypes.c_float, _AT, _INT
)
get_text_object: Callable[[Address, int], Address | None] = _declared(
    c.FPDFText_GetTextObject, _AT, _AT, _INT
)
get_render_mode: Callable[[Address], int] = _declared(c.FPDFTextObj_GetTextRenderMode, _INT, _AT)
get_fill_colour: Callable[[Address, Address, Address, Address, Address], int] = _declared(
    c.FPDFPageObj_GetFillColor, _INT, _AT, _AT, _AT, _AT, _AT
)
count_objects: Callable[[Address], int] = _declared(c.FPDFPage_CountObjects, _INT, _AT)
get_object: Callable[[Address, int], Address | None] = _declared(
    c.FPDFPage_GetObject, _AT, _AT, _INT
)
count_form_objects: Callable[[Address], int] = _declared(c.FPDFFormObj_CountObjects, _INT, _AT)
get_form_object: Callable[[Address, int], Address | None] = _declared(
    c.FPDFFormObj_GetObject, _AT, _AT, ctypes.c_ulong
)
get_type: Callable[[Address], int] = _declared(c.FPDFPageObj_GetType, _INT, _AT)
get_matrix: Callable[[Address, Address], int] = _declared(c.FPDFPageObj_GetMatrix, _INT, _AT, _AT)
get_bounds: Callable[[Address, Address, Address, Address, Address], int] = _declared(
    c.FPDFPageObj_GetBounds, _INT, _AT, _AT, _AT, _AT, _AT
)
count_clips: Callable[[Address | None], int] = _declared(c.FPDFClipPath_CountPaths, _INT, _AT)
get_clip: Callable[[Address], Address | None] = _declared(c.FPDFPageObj_GetClipPath, _AT, _AT)
count_marks: Callable[[Address], int] = _declared(c.FPDFPageObj_CountMarks, _INT, _AT)
get_mark: Callable[[Address, int], Address | None] = _declared(
    c.FPDFPageObj_GetMark, _AT, _AT, ctypes.c_ulong
)
get_mark_name: Callable[[Address, Address, int, Address], int] = _declared(
    c.FPDFPageObjMark_GetName, _INT, _AT, _AT, ctypes.c_ulong, _AT
)
get_draw_mode: Callable[[Address, Address, Address], int] = _declared(
    c.FPDFPath_GetDrawMode, _INT, _AT, _AT, _AT
)
get_stroke_width: Callable[[Address, Address], int] = _declared(
    c.FPDFPageObj_GetStrokeWidth, _INT, _AT, _AT
)
set_active: Callable[[Address, int], int] = _declared(c.FPDFPageObj_SetIsActive, _INT, _AT, _INT)
count_segments: Callable[[Address], int] = _declared(c.FPDFPath_CountSegments, _INT, _AT)
get_segment: Callable[[Address, int], Address | None] = _declared(
    c.FPDFPath_GetPathSegment, _AT, _AT, _INT
)
get_segment_type: Callable[[Address | None], int] = _declared(c.FPDFPathSegment_GetType, _INT, _AT)
get_point: Callable[[Address | None, Address, Address], int] = _declared(
    c.FPDFPathSegment_GetPoint, _INT, _AT, _AT, _AT
)
closes: Callable[[Address | None], int] = _declared(c.FPDFPathSegment_GetClose, _INT, _AT)
