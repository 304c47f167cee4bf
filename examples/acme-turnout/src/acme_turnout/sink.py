"""A sink: called with the record of every finished call. A record holds no content and no key."""

import sys

from turnout.records import CallRecord


def lines(record: CallRecord) -> None:
    """One line on stderr: what was asked, how it ended, how long it took."""
    sys.stderr.write(f"acme: {record.model} {record.outcome} {record.seconds:.2f} s\n")
