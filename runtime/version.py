"""Which code this is: kept with every arrival and every parked event, so that "before the fix" has a name."""

import os
from importlib.metadata import version

CODE_VERSION = os.environ.get("TICKETWIRE_CODE_VERSION") or version("ticketwire")
