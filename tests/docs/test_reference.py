"""The reference pages say what the code says."""

import pytest

from tests.docs.reference import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    page = DOCS / name
    assert page.exists(), f"docs/{name} is missing; run: make fix"
    assert page.read_text() == PAGES[name](), f"docs/{name} is out of date; run: make fix"
