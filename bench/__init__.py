"""The benchmark: drives the whole system, reconciles every id, prints ratios."""
