"""Every code that a warning of a written field can have, and what it means.

A warning never blocks a write. Its message says where and what to do; the code is what a client
or a person may go by.
"""

from collections.abc import Mapping
from types import MappingProxyType

WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        # how the value was typed
        "currency_code": "The sign or name of the money was written as its code.",
        "enum_spelling": "It was written as the schema's enumeration spells it.",
        "json_string": "It came as a string of JSON and was taken as JSON.",
        "scaled": "The number carries a percent sign or a word like thousand.",
        "time_dropped": "The field takes a date, and the time of day was not kept.",
        "unit_dropped": "Only the number was kept, not its unit.",
        "zone_dropped": "The name of the time zone has several meanings and was not kept.",
        # where the citation leads
        "hidden": "It stands only in text that a reader cannot see.",
        "many_lines": "So many lines are cited that they name no place.",
        "no_such_lines": "The cited page has no such line.",
        "no_such_page": "The document has no such page.",
        "not_found": "It, or the cited quote, stands nowhere.",
        "other_line": "It does not stand in the cited lines but in others of the page.",
        "short_quote": "The quote is so short that it stands in several places.",
        "value_differs": "What is cited has another value.",
        "wrong_page": "It does not stand on the cited page but on another.",
        # what is odd about the place where it stands
        "ambiguous_date": "The printed date can be read as two days.",
        "confusable": "It stands there but for characters that look alike.",
        "inside_text": "It stands within a text, in a row that has numbers of their own.",
        "other_column": "It stands in a column that is headed otherwise than the field.",
        "part_of_longer": "It stands there only as a part of something longer.",
        "punctuation_differs": "It stands there but for punctuation.",
        "scattered": "Its parts stand near each other, with other things in between.",
        "sign_differs": "The printed number has the other sign.",
        "spaced_groups": "The printed digits may be one number or two neighbours.",
        "time_not_found": "The date stands there, the time of day does not.",
        "unticked": "It stands beside a box that is not ticked.",
        "unknown_heading": "Its column's heading tells nothing, one beside it names the field.",
        "unlikely_kind": "It is printed as a percentage or a count, not as an amount.",
        # what the other values and the labels make doubtful
        "labelled_elsewhere": "The field's label stands on the page, beside another value.",
        "off_column": "In no other row does the field stand there across the page.",
        "over_cells": "The text takes in the next column, in other rows it does not.",
        "part_of_cell": "The text goes on in its cell, in other rows it is all of it.",
        "same_place": "Another row of the list was written from the same characters.",
        "several_places": "It stands in several places, and nothing tells which is meant.",
        # what the policy asks for
        "low_confidence": "The confidence it came with is below what the policy asks for.",
    }
)
