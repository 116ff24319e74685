"""The ordinary command line, with a kill point in it: `python -m tests.proof.armed <point> <nth> -- <words>`.

`<words>` are those of `ticketwire`, such as `processor void`. Exits 2 when there is no such point.
"""

import sys

from tests.proof.points import NoSuchPoint, arm, named


def run(words: list[str], *, point: str, nth: int) -> None:
    """Run the command line in this process; `point` may be empty: not armed."""
    from cli.main import main

    if point:
        arm(named(point), nth)
    sys.argv = ["ticketwire", *words]
    main()


def _main(arguments: list[str]) -> None:
    if len(arguments) < 4 or arguments[2] != "--" or not arguments[1].isdecimal():
        sys.exit(__doc__)
    run(arguments[3:], point=arguments[0], nth=int(arguments[1]))


if __name__ == "__main__":
    try:
        _main(sys.argv[1:])
    except NoSuchPoint as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
