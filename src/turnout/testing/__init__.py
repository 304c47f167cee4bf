"""For the author of a wire and for the tests of an application: conformance cases, a scripted transport, recorded exchanges."""

from __future__ import annotations

from turnout.testing.case import Case as Case, conformance_cases as conformance_cases
from turnout.testing.difference import Difference as Difference
from turnout.testing.exchange import Exchange as Exchange, read_exchanges as read_exchanges
from turnout.testing.frames import Frame as Frame
from turnout.testing.reference import (
    Asked as Asked,
    Meaning as Meaning,
    Reference as Reference,
    Said as Said,
    Totals as Totals,
)
from turnout.testing.rules import RULES as RULES, Rule as Rule
from turnout.testing.transport import AsyncScript as AsyncScript, Script as Script, ScriptedStream as ScriptedStream
from turnout.testing.verdict import Verdict as Verdict, examine as examine
