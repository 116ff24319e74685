"""The kinds of value that an order's context for this party holds."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from dialects.datacentre.code_tables import TYPES
from dialects.json_document import scalar_text

_AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_TYPE_CODES = {name: code for code, name in TYPES.items()}


class Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _amount(value: object) -> str:
    text = scalar_text(value)
    if text is None or _AMOUNT.fullmatch(text) is None:
        raise ValueError("is no decimal amount")
    return text


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no time: YYYY-MM-DD HH:MM[:SS], local, or ISO 8601 with a zone") from None
    return text


def _type_code(value: object) -> str:
    text = scalar_text(value) or ""
    code = _TYPE_CODES.get(text, text)
    if code not in TYPES:
        raise ValueError("is none of the types 1 to 7")
    return code


def _date(text: str) -> str:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) is None:
        raise ValueError("is not YYYY-MM-DD")
    return text


def _airport(text: str) -> str:
    if re.fullmatch(r"[A-Z]{3}", text) is None:
        raise ValueError("is no three-letter airport code in capitals")
    return text


Text = Annotated[str, AfterValidator(_not_blank)]
Amount = Annotated[str, BeforeValidator(_amount)]
"""As accounting says it; `"0"` is a real zero (datacentre-ticket-order.md, inconsistency 19)."""
Time = Annotated[str, AfterValidator(_moment)]
"""Local already when it names no zone."""
Date = Annotated[str, AfterValidator(_date)]
TypeCode = Annotated[str, BeforeValidator(_type_code)]
Airport = Annotated[str, AfterValidator(_airport)]
