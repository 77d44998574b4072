"""The roster: a school's own list of people, as it has it, checked and then written set-based.

`columns` and `words.toml` know what the headers and words mean, `rules` judges one row and compares names (pure),
`reading` turns a file into entries, `units` finds or plans organisations and places, `planning` compares with what is
known, `writing` writes, `actions` are the two verbs: check and commit.
"""

from shouwang.org.roster.actions import Defaults, RosterCheck, check_roster, commit_roster
from shouwang.org.roster.direct import RosterAnswer, import_file

__all__ = ["Defaults", "RosterAnswer", "RosterCheck", "check_roster", "commit_roster", "import_file"]
