"""The documents' own payloads, as they come with the package."""

import re
import secrets
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict


class Sample(BaseModel):
    """One payload. `facts` are texts that every callback made of it repeats."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    file: str
    kind: str
    what: str
    order_no: str
    facts: tuple[str, ...]
    source: str = ""

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


class SampleSet(BaseModel):
    """The samples of one source, and the endpoint dialects in which the demo has them told."""

    source: str
    endpoint_dialects: tuple[str, ...]
    samples: tuple[Sample, ...]


@cache
def sample_set() -> SampleSet:
    """All samples there are."""
    folders = [entry for entry in (files("cli.samples")).iterdir() if entry.is_dir() and "__" not in entry.name]
    [found] = [SampleSet.model_validate_json((folder / "samples.json").read_bytes()) for folder in folders]
    samples = tuple(sample.model_copy(update={"source": found.source}) for sample in found.samples)
    return found.model_copy(update={"samples": samples})


def samples() -> tuple[Sample, ...]:
    """Each of them."""
    return sample_set().samples
