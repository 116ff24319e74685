"""The documents' own payloads, as they come with the package."""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field


class Sample(BaseModel):
    """One payload. `facts` are texts that every callback made of it repeats.

    `contexts` are what a seller would add for a party, by party: a file in that party's folder. `told` are the endpoint
    dialects in which the demo has it told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    file: str
    kind: str
    what: str
    order_no: str
    facts: tuple[str, ...]
    contexts: Mapping[str, str] = Field(default_factory=dict)
    source: str = ""
    told: tuple[str, ...] = ()

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        return (files("cli.samples") / self.source / self.file).read_bytes()

    def with_order_no(self, order_no: str) -> bytes:
        """The bytes with another order number in its place."""
        return re.sub(re.escape(f'"{self.order_no}"'), lambda _: f'"{order_no}"', self.body.decode()).encode()

    def fresh_order_no(self) -> str:
        """An order number that nobody has used."""
        return f"{self.order_no}-{secrets.token_hex(4)}"

    def context(self, party: str) -> dict[str, Any]:
        """What a seller would add for this party."""
        found: dict[str, Any] = orjson.loads((files("cli.samples") / party / self.contexts[party]).read_bytes())
        return found


class SampleSet(BaseModel):
    """The samples of one source, and the endpoint dialects in which the demo has all of them told."""

    source: str
    endpoint_dialects: tuple[str, ...]
    samples: tuple[Sample, ...]


@cache
def samples() -> tuple[Sample, ...]:
    """Each of them, by the numbers that the documents' examples have here."""
    folders = [entry for entry in (files("cli.samples")).iterdir() if entry.is_dir() and "__" not in entry.name]
    found = [SampleSet.model_validate_json((folder / "samples.json").read_bytes()) for folder in folders]
    every = [
        sample.model_copy(update={"source": one.source, "told": (*one.endpoint_dialects, *sample.contexts)})
        for one in found
        for sample in one.samples
    ]
    return tuple(sorted(every, key=lambda sample: sample.name))
