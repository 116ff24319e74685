"""Where a call may go."""

import asyncio
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from publishers.addresses import AddressNotAllowed, AddressRules, NameUnresolved, Resolver, parse_networks

NOTHING_PRIVATE = AddressRules(())
LOOPBACK = AddressRules(parse_networks(["127.0.0.0/8", "::1/128"]))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:0:4136:e378::1",
        "2001:db8::1",
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not NOTHING_PRIVATE.allows(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "203.0.114.1"]
)
def test_what_is_public_is_allowed(address: str) -> None:
    assert NOTHING_PRIVATE.allows(ip_address(address))


@pytest.mark.parametrize(
    ("address", "allowed"), [("127.1.2.3", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False)]
)
def test_listed_networks_are_allowed_and_nothing_beside_them(address: str, allowed: bool) -> None:
    assert LOOPBACK.allows(ip_address(address)) is allowed


def resolver(answers: dict[str, list[str]], rules: AddressRules = NOTHING_PRIVATE) -> Resolver:
    def look_up(host: str) -> Sequence[str]:
        if host not in answers:
            raise OSError("unknown")
        return answers[host]

    return Resolver(rules, look_up=look_up)


async def test_of_a_mixed_answer_only_what_may_be_called_is_left() -> None:
    made = resolver({"mixed.example": ["10.0.0.1", "8.8.8.8", "fe80::1%eth0", "8.8.8.8"]})
    assert await made.addresses("mixed.example") == ["8.8.8.8"]


@pytest.mark.parametrize("host", ["inside.example", "10.0.0.1", "[::1]"])
async def test_a_host_without_an_allowed_address_is_refused(host: str) -> None:
    with pytest.raises(AddressNotAllowed):
        await resolver({"inside.example": ["10.0.0.1", "::1"]}).addresses(host)


async def test_an_unknown_name_is_unresolved_and_asked_anew_next_time() -> None:
    answers: dict[str, list[str]] = {}
    made = resolver(answers)
    with pytest.raises(NameUnresolved):
        await made.addresses("late.example")
    answers["late.example"] = ["8.8.8.8"]
    assert await made.addresses("late.example") == ["8.8.8.8"]
    assert made.known("late.example") == ["8.8.8.8"]


async def test_a_name_is_looked_up_once_at_a_time_and_a_stuck_one_holds_up_no_other() -> None:
    release, asked = threading.Event(), list[str]()

    def look_up(host: str) -> Sequence[str]:
        asked.append(host)
        if host == "stuck.example":
            release.wait(5)
        return ["8.8.8.8"]

    made = Resolver(NOTHING_PRIVATE, look_up=look_up, threads=2)
    stuck = [asyncio.create_task(made.addresses("stuck.example")) for _ in range(20)]
    assert await asyncio.wait_for(made.addresses("fine.example"), 2) == ["8.8.8.8"]
    stuck[0].cancel()
    release.set()
    assert await asyncio.gather(*stuck[1:]) == [["8.8.8.8"]] * 19
    assert asked.count("stuck.example") == 1
    made.close()
