"""Moments as operators write them."""

from datetime import UTC, datetime, timedelta

import pytest

from console.moments import resolve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("-90s", timedelta(seconds=90)),
        ("-30m", timedelta(minutes=30)),
        ("-2h", timedelta(hours=2)),
        ("-7d", timedelta(days=7)),
        ("-2w", timedelta(weeks=2)),
        ("-0s", timedelta()),
    ],
)
def test_relative_moments_are_back_from_now(text: str, back: timedelta) -> None:
    assert resolve(text, now=NOW) == NOW - back


def test_absolute_moments_keep_their_zone_in_mind() -> None:
    assert resolve("2026-03-01T12:00:00+08:00", now=NOW) == datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2h", "-2", "-2y", "yesterday", "2026-03-01T12:00:00", "", "-999999w", "0001-01-01T00:00:00+14:00", "-٣h", "-2h "],
)
def test_anything_else_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"(write RFC 3339.*-2h|beyond the calendar)"):
        resolve(text, now=NOW)
