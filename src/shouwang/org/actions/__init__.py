"""The only writes of org, a noun a file. Every verb is atomic, says who (`by`) and when (`at`), and is audited."""

from shouwang.org.actions.accounts import (
    change_password,
    create_account,
    grant_role,
    issue_token,
    reset_password,
    revoke_role,
    revoke_token,
    set_active,
    set_language,
    sign_in_failed,
    sign_in_succeeded,
)
from shouwang.org.actions.imports import confirm_import, recheck_import, take_up_import, upload_roster
from shouwang.org.actions.people import (
    add_person,
    correct_person,
    join,
    leave_institution,
    move_home,
    set_residence,
    set_situation,
)
from shouwang.org.actions.responsibility import assign_responsibility, end_responsibility
from shouwang.org.actions.trees import (
    add_organisation,
    add_place,
    close_organisation,
    close_place,
    give_place,
    rename_node,
)

__all__ = [
    "add_organisation",
    "add_person",
    "add_place",
    "assign_responsibility",
    "change_password",
    "close_organisation",
    "close_place",
    "confirm_import",
    "correct_person",
    "create_account",
    "end_responsibility",
    "give_place",
    "grant_role",
    "issue_token",
    "join",
    "leave_institution",
    "move_home",
    "recheck_import",
    "rename_node",
    "reset_password",
    "revoke_role",
    "revoke_token",
    "set_active",
    "set_language",
    "set_residence",
    "set_situation",
    "sign_in_failed",
    "sign_in_succeeded",
    "take_up_import",
    "upload_roster",
]
