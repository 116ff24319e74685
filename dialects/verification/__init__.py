"""The generic ways in which a source proves itself; what only one party does is in its own folder."""
