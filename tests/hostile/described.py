"""The console held to its own OpenAPI document, by calls that fit it and calls that do not.

The checks of each answer: no server error, and statuses, content types and bodies that the document names.
"""

import warnings
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.hostile.storm import Tally

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KIND = "described"


def hold_to_document(url: str, token: str, *, cases: int, seeded: int, tally: Tally) -> None:
    """About `cases` calls in all, of every operation, half of them wrong on purpose. Blocks: run it in a thread."""
    load_all_checks()
    schema: Any = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
    schema.config.update(base_url=url)
    operations = [found.ok() for found in schema.get_all_operations()]
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for operation in operations:
            _hold(operation, mode, token, cases=max(1, cases // (2 * len(operations))), seeded=seeded, tally=tally)


def _hold(operation: Any, mode: GenerationMode, token: str, *, cases: int, seeded: int, tally: Tally) -> None:
    @seed(seeded)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)
        problem = None
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as failures:
            problem = f"{operation.label}: " + "; ".join(str(failure)[:600] for failure in failures.exceptions)
        tally.note(KIND, response.status_code, problem)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generator's own, of documents that it finds hard
        ask()
