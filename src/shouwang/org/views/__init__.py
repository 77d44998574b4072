"""Pages of org, a noun a file."""

from shouwang.org.views.accounts import (
    account,
    accounts,
    activate,
    grant,
    new_account,
    reset,
    revoke,
    revoke_token,
    tokens,
)
from shouwang.org.views.audit import audit_log
from shouwang.org.views.imports import (
    commit_import,
    import_list,
    import_problems,
    import_run,
    map_import,
    new_import,
    take_up_import,
)
from shouwang.org.views.merging import duplicates, merge, person_merge, who_is_it
from shouwang.org.views.people import change_person, me, people, person, seen
from shouwang.org.views.responsibility import end_responsibility, responsibility
from shouwang.org.views.trees import (
    change_organisation,
    change_place,
    organisation,
    place,
    places,
    suggest_organisations,
    suggest_places,
    tree,
    tree_children,
)

__all__ = [
    "account",
    "accounts",
    "activate",
    "audit_log",
    "change_organisation",
    "change_person",
    "change_place",
    "commit_import",
    "duplicates",
    "end_responsibility",
    "grant",
    "import_list",
    "import_problems",
    "import_run",
    "map_import",
    "me",
    "merge",
    "new_account",
    "new_import",
    "organisation",
    "people",
    "person",
    "person_merge",
    "place",
    "places",
    "reset",
    "responsibility",
    "revoke",
    "revoke_token",
    "seen",
    "suggest_organisations",
    "suggest_places",
    "take_up_import",
    "tokens",
    "tree",
    "tree_children",
    "who_is_it",
]
