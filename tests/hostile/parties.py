"""Every party's golden samples as calls, as their own platforms would make them, and the form of its answers.

The forms are the documents' own, kept beside the samples (`answered` in tests/samples/<party>/party.json).
"""

import contextlib
import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dialects.registry import CALLERS, INBOUND
from tests.hostile import mutate

SECRET = "s3cret-of-these-tests"
_FOLDER = Path(__file__).parents[1] / "samples"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """What a party's answers look like, whole: one expression for a yes, one for a no."""

    accepted: re.Pattern[str]
    refused: re.Pattern[str]

    def problem(self, status: int, media: str, body: bytes) -> str | None:
        """What is wrong with an answer, or None."""
        try:
            text = body.decode()
            json.loads(text) if "json" in media else ET.fromstring(text)  # noqa: S314 - our own answer
        except (ValueError, ET.ParseError) as error:
            return f"the answer is not the {media!r} it says: {error}"
        said = self.accepted.fullmatch(text) is not None, self.refused.fullmatch(text) is not None
        if said not in ((True, False), (False, True)):
            return "the answer is neither the contract's yes nor its no"
        return "a yes with a status of refusal" if said[0] and status != 200 else None


STRANGER = Form(re.compile("(?!)"), re.compile(r'\{"error": \{"code": "[a-z-]+", "message": ".+"\}\}', re.DOTALL))
"""The form of answers to whoever names no source: never a yes."""


@dataclass(frozen=True, slots=True)
class Party:
    """One party: its documents, how one is called in, and its answers' form."""

    name: str
    path: str
    form: Form
    documents: tuple[Any, ...]
    parameters: Mapping[str, str]
    parameter: str

    def call(self, content: bytes) -> tuple[bytes, str]:
        """The body and content type of an unproven call."""
        if not self.parameter:
            return content, "application/json"
        return urlencode({**self.parameters, self.parameter: content}).encode(), _FORM

    def proven(self, content: bytes) -> tuple[bytes, str]:
        """The same with the contract's own proof, where the content is such that it can be proven."""
        caller = CALLERS.get(self.name)
        if caller is not None:
            with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
                call = caller.call(content, url="", secret=SECRET, now=datetime.now(UTC))
                return call.body, call.headers["content-type"]
        return self.call(content)


def parties() -> tuple[Party, ...]:
    """All whose webhooks come in."""
    return tuple(_party(name) for name in sorted(INBOUND))


def sources() -> dict[str, dict[str, Any]]:
    """Settings: for each party a source without proof, by its name, and `<name>-proven`, with its contract's own."""
    proof = {"scheme": "dialect", "secrets": [SECRET]}
    token = {"scheme": "hmac", "secrets": [SECRET], "header": "x-sign"}
    return {name: {"dialect": name} for name in INBOUND} | {
        f"{name}-proven": {"dialect": name, "verification": proof if name in CALLERS else token} for name in INBOUND
    }


def spoilt(chance: random.Random, party: Party) -> bytes:
    """Content of a call: one of the samples, mostly spoilt."""
    content: bytes = mutate.written(
        chance.choice((mutate.document, mutate.document, _as_it_is))(chance, chance.choice(party.documents))
    )
    return mutate.text(chance, content) if chance.random() < 0.4 else content


def _as_it_is(chance: random.Random, sample: Any) -> Any:
    del chance
    return sample


def _party(name: str) -> Party:
    named = json.loads((_FOLDER / name / "party.json").read_text())
    samples = named["inbound"]
    return Party(
        name,
        CALLERS[name].path if name in CALLERS else "",
        Form(*(re.compile(named["answered"][word], re.DOTALL) for word in ("accepted", "refused"))),
        tuple(json.loads((_FOLDER / name / sample["file"]).read_bytes()) for sample in samples),
        samples[0].get("with", {}),
        samples[0].get("form", ""),
    )
