"""Answers as typed objects: a type becomes a schema, the schema a form that the target takes, and the answer an object."""

from __future__ import annotations

from turnout.structured.answer_type import AnswerType as AnswerType, answer_type as answer_type
from turnout.structured.completion import TypedCompletion as TypedCompletion
from turnout.structured.modes import MODES as MODES, Way as Way, is_mode as is_mode, ways as ways
from turnout.structured.typed_call import DEFAULT_RETRIES as DEFAULT_RETRIES, MOST_RETRIES as MOST_RETRIES, TypedCall as TypedCall
