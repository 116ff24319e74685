"""How a writer says, from wherever it is, that only the order's context can supply a field."""


class Lacking(Exception):
    """The fields, by their names in the context; `write` turns it into MissingContext."""

    def __init__(self, *fields: str) -> None:
        super().__init__(*fields)
        self.fields = fields
