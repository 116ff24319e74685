"""What an oracle found: each kind of wrong as a list of sentences."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, fields

_SHOWN = 10
"""Sentences of one kind that the text shows; the lists hold all."""


@dataclass(slots=True)
class Judgement:
    """All lists empty: everything promised is there, once, and nothing else is. `counts` says of how much."""

    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    """promised, or following from what is there, and missing"""
    doubled_effects: list[str] = field(default_factory=list)
    """more than once, or more than follows from an event that is known"""
    unknown_effects: list[str] = field(default_factory=list)
    """of something that was never sent, or was refused"""
    wrong_effects: list[str] = field(default_factory=list)
    """there, and not as the pure fold of the events says"""
    sequence_violations: list[str] = field(default_factory=list)
    """out of order, at a sink or in a journal"""
    undelivered: list[str] = field(default_factory=list)
    """owed, and the sink has never accepted it"""
    unfinished: list[str] = field(default_factory=list)
    """still under way, though nothing moves any more"""

    @property
    def findings(self) -> dict[str, list[str]]:
        """The lists by name."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name != "counts"}

    @property
    def ok(self) -> bool:
        return not any(self.findings.values())

    def compare(self, what: str, *, expected: Iterable[Hashable], found: Iterable[Hashable]) -> None:
        """Note what is missing as lost, and what is too much as doubled."""
        want, have = Counter(expected), Counter(found)
        self.lost += [f"{what}: missing {_short(row)}" for row in (want - have).elements()]
        self.doubled_effects += [f"{what}: too much {_short(row)}" for row in (have - want).elements()]

    def __str__(self) -> str:
        lines = [", ".join(f"{count} {name}" for name, count in sorted(self.counts.items())) or "nothing was judged"]
        for name, sentences in self.findings.items():
            if sentences:
                lines.append(f"{name}: {len(sentences)}")
                lines += [f"  - {sentence}" for sentence in sentences[:_SHOWN]]
                if len(sentences) > _SHOWN:
                    lines.append(f"  - and {len(sentences) - _SHOWN} more")
        return "\n".join(lines)


def _short(row: Hashable) -> str:
    text = repr(row)
    return text if len(text) <= 300 else f"{text[:300]}…"
