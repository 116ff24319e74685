"""`python -m cli`, as the services of `ticketwire up` are started."""

from cli.main import main

main()
