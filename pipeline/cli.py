"""The command line: `cli_data`, `cli_ask` and `cli_watch` have the verbs, and here they are run.

Exit codes: 0 done, 1 our own failure, or a scheduled run or an alert that failed, 2 bad input (a declaration, a
delivery, an argument), 3 a publisher that failed, 4 nothing to work on yet or another one at work, 5 a folder that
cannot be written, 6 late, when asked, 130 stopped with Ctrl-C.
"""

import sys

from pipeline import cli_ask, cli_data, cli_watch
from pipeline.cli_app import BAD_INPUT, NO_ACCESS, NOTHING_YET, PUBLISHER, app, console
from pipeline.problems import BadInput, PublisherError
from pipeline.schedule.ledger import BUSY
from pipeline.warehouse.release import NoRelease

__all__ = ["app", "cli_ask", "cli_data", "cli_watch", "main"]


def main() -> None:
    """Runs a verb, and tells the operator's mistakes apart from ours."""
    try:
        app()
    except BadInput as error:
        told = [f"Bad input; {len(error.problems)} to mend:", *map(str, error.problems)]
        console.complain("\n  ".join(told))
        sys.exit(BAD_INPUT)
    except PublisherError as error:
        console.complain(str(error))
        sys.exit(PUBLISHER)
    except (NoRelease, *BUSY) as error:
        console.complain(str(error))
        sys.exit(NOTHING_YET)
    except PermissionError as error:
        console.complain(f"cannot write {error.filename}: check its rights, or set VEIVISER_HOME to another folder")
        sys.exit(NO_ACCESS)
    finally:
        console.stop()
