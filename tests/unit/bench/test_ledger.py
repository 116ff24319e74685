"""The account of what was sent and received."""

from array import array
from pathlib import Path

from bench.ledger import Ledger, Sent

SECOND = 10**9


def sent_three() -> Sent:
    """Three events, of which the second was declined."""
    times = array("q", [10, 20, 30]), array("q", [10 + SECOND, 20 + SECOND, 30 + 2 * SECOND])
    return Sent("p", *times, array("h", [200, 503, 200]), begun=10)


def test_only_accepted_events_count_and_their_waits_begin_when_they_were_due() -> None:
    sent = sent_three()
    assert sent.accepted == 2
    assert sent.waits() == [SECOND, 2 * SECOND]
    assert round(sent.accepted_per_s, 3) == 1.0


def test_a_callback_is_late_by_its_first_receipt_and_a_second_one_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "received"
    file.write_text("p-0000000 msg_a 110\np-0000000 msg_a 500\n")
    ledger, sent = Ledger(), sent_three()
    ledger.note_sent(sent)
    ledger.note_received(file)
    assert ledger.delays(sent) == [100]
    assert (ledger.sent, len(ledger.accepted), ledger.messages["msg_a"]) == (3, 2, 2)
