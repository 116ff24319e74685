"""A timeline's entries, a line each for people; --json has all of them."""

from collections.abc import Mapping
from typing import Any

_TOLD = {
    "action": "{actor}: {action} {subject} {subject_id} {reason}",
    "run": "{actor}: {kind}, run {id} {state} {reason}",
    "arrival": "{verdict}: {topic}/{partition}/{offset}, proven by {verified}, code {code_version}{by_run}",
    "event": "{type} ({dialect}, {origin}){superseded}",
    "change": "version {version}: {changed}",
    "parked": "{state}{by_run}: {reason}: {detail}, code {code_version}",
    "callback": "{endpoint}: {state} {outcome}",
    "attempt": "{endpoint}: attempt {number} {outcome} {error}",
    "attempt-under-way": "{endpoint}: {note}",
}
NOTHING = "-"


def words_of(entry: Mapping[str, Any]) -> str:
    """One entry of a timeline. What was not yet known as of then is left out."""
    fields: dict[str, Any] = {**entry["entry"], "id": entry["id"]}
    fields["changed"] = change_words(fields.get("change") or {})
    fields["by_run"] = f", by run {fields['run_id']}" if fields.get("run_id") else ""
    fields["superseded"] = f", read otherwise since run {run}" if (run := fields.get("superseded_by")) else ""
    if entry["kind"] == "arrival" and not fields.get("verified"):
        fields["verified"] = "(not noted)"
    shown = {name: "" if value is None else value for name, value in fields.items()}
    return _TOLD[entry["kind"]].format_map(_Lenient(shown)).strip()


def change_words(change: Mapping[str, Any]) -> str:
    """Each field of the state that changed: before → after."""
    before, after = change.get("before") or {}, change.get("after") or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    code = after.get("void_code") or before.get("void_code")
    told = [f"{_name(name)} {_value(name, before.get(name))} → {_value(name, after.get(name))}" for name in names]
    return (f"void case {code}: " if code else "") + "; ".join(told)


class _Lenient(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return ""


def _name(field: str) -> str:
    return "tickets" if field == "passengers" else field.replace("_", " ")


def _value(field: str, value: Any) -> str:
    if field == "passengers":
        value = [number for passenger in value or [] for number in passenger.get("ticket_numbers", [])]
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    return NOTHING if value in (None, "") else str(value)
