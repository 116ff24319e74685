"""What the demo shows: each sample's way, the rows that came of it, and where to look oneself."""

from typing import Any

from cli.api_client import ApiClient
from cli.demo_check import Result
from cli.running import RunningUp
from cli.sample_list import samples
from cli.talk import print_heading, print_table


def show_results(results: list[Result]) -> None:
    """Each sample's way from its source to each endpoint."""
    print_heading("what went in, where it lies on Kafka, and what each partner said of its call")
    rows = [[r.sample, r.order_no, r.place, r.dialect, r.callback_id, r.verdict] for r in results]
    print_table(["sample", "order", "Kafka topic[partition]@offset", "party", "callback", "its own verdict"], rows)
    print_heading("what the samples are")
    print_table(["sample", "kind", "what"], [[s.name, s.kind, s.what] for s in samples()])


def show_state(api: ApiClient) -> None:
    """The rows in Postgres."""
    orders: list[dict[str, Any]] = api.get("/orders", limit=500)["orders"]
    print_heading("orders in Postgres")
    columns = ("order_no", "source", "state", "passengers", "tickets", "version")
    print_table(columns, [[order[column] for column in columns] for order in orders], nothing="none")


def show_looks(running: RunningUp) -> None:
    """Commands to look at each step with."""
    sample = samples()[0]
    token = f'-H "Authorization: Bearer {running.admin_token}"'
    print_heading("look for yourself")
    looks = [
        ("send one", f"ticketwire send-sample {sample.name} --fresh"),
        ("or by hand", f"curl -d @payload.json -H 'Content-Type: application/json' {running.sources[sample.source]}"),
        ("the order", f"curl {token} {running.console}/api/v1/orders/{sample.order_no}"),
        ("its timeline", f"ticketwire order timeline {sample.order_no}"),
        ("callbacks", f"curl {token} {running.console}/api/v1/callbacks"),
        ("every call", f"{running.console}/api/docs"),
        ("the rows", f"psql {running.postgres}"),
    ]
    print_table(["what", "how"], looks)
