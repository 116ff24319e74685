"""A document's field table, checked to the letter: what a party's own side does with what it is sent.

It knows no tolerance: a number is no text, an unknown name is a fault. Written apart from the readers, which take much
that a document does not allow.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

Kind = Literal["text", "whole", "flag", "texts", "list", "object", "objects"]
_TYPES: Mapping[str, tuple[type, str]] = {
    "text": (str, "text"),
    "whole": (int, "whole number"),
    "flag": (bool, "Boolean"),
    "texts": (list, "list of texts"),
    "list": (list, "list"),
    "object": (dict, "object"),
    "objects": (list, "list of objects"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a field table. `form` is a regular expression that the whole text (or number) must fit."""

    kind: Kind = "text"
    required: bool = True
    values: frozenset[str | int] = frozenset()
    longest: int | None = None
    exactly: int | None = None
    form: str = ""
    empty_allowed: bool = False
    rows: Mapping[str, "Row"] | None = None
    """Of the object, or of each of the objects; None: anything may be in it."""


class NotTheFormat(ValueError):
    """The text is no JSON object, or says one thing twice."""


def strict_object(text: bytes | str) -> dict[str, Any]:
    """A JSON object of RFC 8259 in UTF-8, without names given twice; raises NotTheFormat."""
    try:
        written = text.decode() if isinstance(text, bytes) else text
        found = json.loads(written, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotTheFormat(f"no JSON: {type(error).__name__}: {error}"[:160]) from None
    if not isinstance(found, dict):
        raise NotTheFormat("the JSON is no object")
    return found


def same_words(value: object) -> str:
    """One spelling of a content, so that two can be compared."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def faults(value: Mapping[str, Any], rows: Mapping[str, Row], where: str) -> Iterator[str]:
    """A sentence for each departure, naming the field; values are not repeated, some are personal."""
    for name in value:
        if name not in rows:
            yield f"{where}{name} is not in the field table"
    for name, row in rows.items():
        if name in value:
            yield from _faults_of(value[name], row, where + name)
        elif row.required:
            yield f"{where}{name} is missing"


def _faults_of(value: object, row: Row, place: str) -> Iterator[str]:
    wanted, word = _TYPES[row.kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        yield f"{place} is no {word}"
    elif isinstance(value, dict):
        yield from faults(value, row.rows, f"{place}.") if row.rows is not None else ()
    elif isinstance(value, list):
        yield from _faults_of_list(value, row, place)
    elif not isinstance(value, bool):
        yield from _faults_of_scalar(value, row, place)


def _faults_of_list(values: Sequence[object], row: Row, place: str) -> Iterator[str]:
    if row.required and not row.empty_allowed and not values:
        yield f"{place} is empty"
    for number, value in enumerate(values):
        if row.kind == "texts" and not (isinstance(value, str) and value):
            yield f"{place}[{number}] is no text"
        elif row.kind == "objects":
            yield from _faults_of(value, Row("object", rows=row.rows), f"{place}[{number}]")


def _faults_of_scalar(value: object, row: Row, place: str) -> Iterator[str]:
    text = str(value)
    if not text.strip():
        if not row.empty_allowed and row.required:
            yield f"{place} is empty"
        return
    if row.values and value not in row.values:
        yield f"{place} is none of {', '.join(sorted(map(str, row.values)))}"
    if row.longest is not None and len(text) > row.longest:
        yield f"{place} has {len(text)} characters, more than {row.longest}"
    if row.exactly is not None and len(text) != row.exactly:
        yield f"{place} has {len(text)} characters, not {row.exactly}"
    if row.form and re.fullmatch(row.form, text, re.ASCII) is None:
        yield f"{place} is not of the form {row.form}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
