"""Names to things, built in or from the entry points of installed packages; nothing is imported before its name is asked for."""

from turnout.plugins.lazy import Failure as Failure, Lazy as Lazy
from turnout.plugins.points import GROUPS as GROUPS, Plugin as Plugin, installed as installed, survey as survey
