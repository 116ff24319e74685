"""The operator's API and page."""
