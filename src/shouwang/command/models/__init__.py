"""Fields and constraints of command, a noun a file."""

from shouwang.command.account.models import Matter, MatterEvent, MatterFact
from shouwang.command.mending.models import Correction, CorrectionEvent, GapFinding, GapSweep, WeakPoint
from shouwang.command.models.board import BoardCell, BoardPlace, BoardPoint, BoardState
from shouwang.command.models.control import ControlMeasure
from shouwang.command.models.daily import ReportPlan, ReportReview, UnitReport, UnitReportVersion
from shouwang.command.models.directives import Directive, Measure, NumberRegister, Receipt, Revision
from shouwang.command.models.standing import ResponseLevel, SituationReport
from shouwang.command.models.tasks import Task, TaskEvent
from shouwang.command.teams.models import (
    ServiceEntry,
    Team,
    TeamEvent,
    TeamMember,
    TeamPlace,
    TeamProposal,
    TeamShift,
    TeamTask,
)

__all__ = [
    "BoardCell",
    "BoardPlace",
    "BoardPoint",
    "BoardState",
    "ControlMeasure",
    "Correction",
    "CorrectionEvent",
    "Directive",
    "GapFinding",
    "GapSweep",
    "Matter",
    "MatterEvent",
    "MatterFact",
    "Measure",
    "NumberRegister",
    "Receipt",
    "ReportPlan",
    "ReportReview",
    "ResponseLevel",
    "Revision",
    "ServiceEntry",
    "SituationReport",
    "Task",
    "TaskEvent",
    "Team",
    "TeamEvent",
    "TeamMember",
    "TeamPlace",
    "TeamProposal",
    "TeamShift",
    "TeamTask",
    "UnitReport",
    "UnitReportVersion",
    "WeakPoint",
]
