"""The chain of an exported timeline: whatever is done to a line shows there, or at the next one."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from runtime.secret_box import new_key
from runtime.signing import is_signed, public_keys, sign
from schemas.timeline_chain import Broken, ChainWriter, Intact, canonical, check_chain, signed_message

HEAD = {"order_no": "A-1", "source": "s"}
ENTRIES = [{"at": f"2026-03-01T12:00:0{n}Z", "kind": "arrival", "id": str(n), "entry": {"名": n}} for n in range(4)]


def written(head: dict[str, Any] = HEAD, entries: Any = ENTRIES) -> list[bytes]:
    chain = ChainWriter(head)
    lines = [chain.begin(), *(chain.add(entry) for entry in entries)]
    return [*lines, chain.end(key="k", signature="s")]


def test_an_untouched_file_is_intact() -> None:
    found = check_chain(b"".join(written()).splitlines())
    assert isinstance(found, Intact)
    assert (found.head["order_no"], found.entries, found.key, found.signature) == ("A-1", 4, "k", "s")
    assert isinstance(check_chain(written(entries=[])), Intact)


def swapped(lines: list[bytes]) -> list[bytes]:
    lines[2], lines[3] = lines[3], lines[2]
    return lines


def renumbered(lines: list[bytes]) -> list[bytes]:
    """An entry is changed, and its own hash with it."""
    forged = written(entries=[*ENTRIES[:1], ENTRIES[1] | {"id": "9"}])
    return [*lines[:2], forged[2], *lines[3:]]


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda lines: [line.replace(b'"id":"1"', b'"id":"9"') for line in lines], 3),
        (lambda lines: [line.replace(b'"A-1"', b'"A-2"') for line in lines], 1),
        (lambda lines: [*lines[:2], *lines[3:]], 3),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
        (swapped, 3),
        (renumbered, 4),
        (lambda lines: lines[:-1], 6),
        (lambda lines: lines[:-2] + lines[-1:], 5),
        (lambda lines: [*lines, lines[1]], 7),
        (lambda lines: [*lines[:3], b"{rubbish", *lines[3:]], 4),
        (lambda lines: [*lines[:3], lines[3].replace(b'{"entry"', b'{"entry":{},"entry"'), *lines[4:]], 4),
        (lambda lines: lines[1:], 1),
        (lambda lines: lines[:0], 1),
        (lambda lines: [b"[" * 100_000, *lines], 1),
    ],
)
def test_a_tampered_file_breaks_at_the_line(tamper: Callable[[list[bytes]], list[bytes]], line: int) -> None:
    found = check_chain(tamper(written()))
    assert isinstance(found, Broken)
    assert found.line == line, found


@given(st.integers(0), st.integers(0, 7), st.integers(0))
def test_no_single_bit_can_change(place: int, bit: int, at_line: int) -> None:
    lines = [bytearray(line) for line in written()]
    line = lines[at_line % 5]  # of the end, key and signature are checked by their own means
    line[place % (len(line) - 1)] ^= 1 << bit
    assert isinstance(check_chain(map(bytes, lines)), Broken)


def test_the_canonical_form_sorts_names_and_escapes_no_more_than_it_must() -> None:
    assert canonical({"b": [1, True, None], "a": 'ä"\n\x01'}) == '{"a":"ä\\"\\n\\u0001","b":[1,true,null]}'.encode()


def test_the_signature_is_of_this_chain_by_the_newest_key() -> None:
    newest, older = SecretStr(new_key()), SecretStr(new_key())
    message = signed_message("ab" * 32)
    key, signature = sign(message, [newest, older])
    assert public_keys([newest, older]) == [key, *public_keys([older])]
    assert is_signed(message, key=key, signature=signature)
    assert not is_signed(signed_message("cd" * 32), key=key, signature=signature)
    assert not is_signed(message, key=public_keys([older])[0], signature=signature)
    for rubbish in ("", "zz", "00", key[:-2]):
        assert not is_signed(message, key=rubbish, signature=signature)
        assert not is_signed(message, key=key, signature=rubbish)
