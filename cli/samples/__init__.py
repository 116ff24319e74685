"""Payloads of the partners' documents (README.md), and the list of them."""
