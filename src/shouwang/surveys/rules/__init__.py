"""Pure rules of surveys: an XLSForm, its formulas, a form with answers. No database; `now` is an argument."""

from shouwang.surveys.rules.attachments import named_files
from shouwang.surveys.rules.building import build, hash_of
from shouwang.surveys.rules.evaluating import MAX_TURNS, Evaluation, Fault, Turn, evaluate
from shouwang.surveys.rules.model import FEW, Choice, Form, Group, Question
from shouwang.surveys.rules.prefill import known_value, prefilled
from shouwang.surveys.rules.problems import BrokenForm, Problem
from shouwang.surveys.rules.workbook import Workbook, read_workbook
from shouwang.surveys.rules.xform import MAX_XML, answers_from_xml, to_xform

__all__ = [
    "FEW",
    "MAX_TURNS",
    "MAX_XML",
    "BrokenForm",
    "Choice",
    "Evaluation",
    "Fault",
    "Form",
    "Group",
    "Problem",
    "Question",
    "Turn",
    "Workbook",
    "answers_from_xml",
    "build",
    "evaluate",
    "hash_of",
    "known_value",
    "named_files",
    "prefilled",
    "read_workbook",
    "to_xform",
]
