"""What is recorded (`records`) and what is asked (`asking`)."""

from shouwang.checkins.models.asking import AskedLevel, FormVersion
from shouwang.checkins.models.records import (
    BulkJob,
    BulkRow,
    CheckIn,
    Counted,
    Credential,
    Excuse,
    LatestCheckIn,
    Monitoring,
    PersonZone,
    QualityNote,
    Severity,
    Stirred,
    SymptomAlert,
    Tallied,
    Tally,
    TallyState,
)

__all__ = [
    "AskedLevel",
    "BulkJob",
    "BulkRow",
    "CheckIn",
    "Counted",
    "Credential",
    "Excuse",
    "FormVersion",
    "LatestCheckIn",
    "Monitoring",
    "PersonZone",
    "QualityNote",
    "Severity",
    "Stirred",
    "SymptomAlert",
    "Tallied",
    "Tally",
    "TallyState",
]
