"""Which models a provider really has, and which of them chat: what is known, what was found, and how the two become one.

Pure: ``client.discovering`` asks, ``config.provider_lists`` reads and writes. docs/discovery.md tells the whole.
"""

from __future__ import annotations

from turnout.discovery.findings import Finding as Finding, updated as updated
from turnout.discovery.known import KnownProvider as KnownProvider, KnownProviders as KnownProviders
from turnout.discovery.verdicts import Verdict as Verdict
