"""From the rows of a workbook to a `Form`, or to the list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import Message
from shouwang.surveys.rules import model as m
from shouwang.surveys.rules.choices import read_choices
from shouwang.surveys.rules.expressions import BadFormula, Expression, read
from shouwang.surveys.rules.model import Choice, Form, Group, Place, Question
from shouwang.surveys.rules.ordering import order_of
from shouwang.surveys.rules.prefill import KNOWN_COLUMNS
from shouwang.surveys.rules.problems import BrokenForm, Problem, in_order
from shouwang.surveys.rules.types import Type, read_type
from shouwang.surveys.rules.workbook import Row, Workbook, straight

MAX_DEPTH = 20  # groups within groups
NAME = re.compile(r"[^\W\d][\w.-]*")
YES, NO = {"yes", "true", "true()", "1", "是"}, {"no", "false", "false()", "0", "否", ""}
OTHER = {"": "Other", "中文 (zh)": "其他"}
SPECIFY = {"": "Specify other.", "中文 (zh)": "请说明"}


@dataclass
class Draft:
    """One item while the form is read: its row, what it is, and where it stands."""

    row: Row
    type: Type
    name: str
    path: tuple[str, ...]
    repeats: tuple[str, ...]
    parent: Draft | None
    key: str = ""
    relevant_text: str = ""
    label: m.Texts | None = None
    children: list[Draft] = field(default_factory=list)
    formulas: dict[str, Expression] = field(default_factory=dict)

    @property
    def group(self) -> bool:
        return self.type.begins


def build(book: Workbook, *, title: str = "") -> Form:
    """The form of these rows. BrokenForm names every finding with sheet, row and column."""
    return _Builder(book, title).form()


def hash_of(book: Workbook) -> str:
    """SHA-256 of what the three sheets say: the same form saved again is the same version."""
    text = json.dumps(book.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class _Builder:
    def __init__(self, book: Workbook, title: str) -> None:
        self.book, self.title = book, title
        self.problems: list[Problem] = []
        self.lists = read_choices(book, self.problems)
        self.roots: list[Draft] = []
        self.drafts: list[Draft] = []
        self.by_name: dict[str, list[Draft]] = {}  # the exact name -> who has it
        self.siblings: dict[tuple[int, str], Draft] = {}  # (parent, name in lower case) -> the first who has it

    def form(self) -> Form:
        self._walk()
        self._keys()
        for draft in self.drafts:
            self._formulas(draft)
        order = order_of(self.drafts, self.problems) if not self.problems else ()
        if not self.drafts and not self.problems:
            self._say(Place("survey", 2), "form_empty", _("This form asks nothing: the sheet “survey” has no rows."))
        if self.problems:
            raise BrokenForm(in_order(self.problems))
        settings = self.book.rows("settings")[0] if self.book.rows("settings") else Row("settings", 2, {}, {})
        return Form(
            form_id=re.sub(r"[^\w.-]", "_", settings.get("form_id") or "") or "form_" + hash_of(self.book)[:12],
            title=settings.get("title") or self.title or settings.get("form_id") or "",
            version=settings.get("version"),
            languages=self._languages(),
            default_language=settings.get("default_language") if settings.get("default_language") != "default" else "",
            children=tuple(self._freeze(draft) for draft in self.roots),
            order=order,
            sha256=hash_of(self.book),
        )

    def _say(self, place: Place, code: str, message: Message, **data: object) -> None:
        self.problems.append(Problem(place, code, message, data))

    def _languages(self) -> tuple[str, ...]:
        names = [name.split("::", 1)[1] for sheet in ("survey", "choices") for name in self.book.letters.get(sheet, {})
                 if name.startswith("label::")]  # fmt: skip
        return tuple(dict.fromkeys(names)) or ("",)

    def _walk(self) -> None:
        """Rows into a tree, without calling itself: hostile nesting is a finding, not a crash."""
        stack: list[Draft] = []
        for row in self.book.rows("survey"):
            word = row.get("type")
            if not word:
                if row.get("name") or row.texts("label"):
                    self._say(row.at("type"), "type_missing", _("This row has no type."))
                continue
            if word.startswith("#"):
                continue
            found = read_type(word)
            if found is None:
                self._say(
                    row.at("type"), "type_unknown", _("“%(type)s” is no type this system can ask."), type=word[:80]
                )
            elif found.ends:
                self._end(stack, row, found)
            else:
                draft = self._draft(row, found, stack)
                if draft is not None and found.begins:
                    stack.append(draft)
                    if len(stack) > MAX_DEPTH:
                        self._say(
                            row.at("type"), "too_deep", _("More than %(limit)s groups within groups."), limit=MAX_DEPTH
                        )
                        break
        for draft in stack:
            self._say(draft.row.at("type"), "group_open", _("The group “%(name)s” begins here and never ends."),
                      name=draft.name)  # fmt: skip

    def _end(self, stack: list[Draft], row: Row, found: Type) -> None:
        if not stack:
            self._say(row.at("type"), "group_not_begun", _("A group ends here that never began."))
            return
        begun = stack.pop()
        if begun.type.repeat != found.repeat:
            self._say(row.at("type"), "group_crossed", _("This does not end “%(name)s”, which began in row %(begun)s."),
                      name=begun.name, begun=begun.row.number)  # fmt: skip

    def _draft(self, row: Row, found: Type, stack: Sequence[Draft]) -> Draft | None:
        parent = stack[-1] if stack else None
        name = row.get("name") or (found.meta if found.kind == m.META else "")
        if not name and found.begins:
            name = f"group_{row.number}"
        if not name and found.kind == m.NOTE:
            name = f"note_{row.number}"
        if not name:
            self._say(row.at("name"), "name_missing", _("This row has no name."))
            name = f"_row_{row.number}"
        elif not NAME.fullmatch(name):
            sentence = _("“%(name)s” is no valid name: a letter first, then letters, digits, _ - .")
            self._say(row.at("name"), "name_invalid", sentence, name=name[:80])
        above = (*parent.path, name) if parent else (name,)
        repeats = tuple("/".join(item.path) for item in stack if item.type.repeat)
        draft = Draft(row, found, name, above, repeats, parent)
        twin = self.siblings.get((id(parent), name.lower()))
        if twin is not None:
            self._say(row.at("name"), "name_duplicate", _("“%(name)s” is already the name of row %(other)s."),
                      name=name, other=twin.row.number)  # fmt: skip
        if found.list_name and found.list_name not in self.lists and "${" not in found.list_name:
            self._say(row.at("type"), "list_missing", _("There is no list “%(list)s” on the sheet “choices”."),
                      list=found.list_name)  # fmt: skip
        self._hang(draft, parent)
        if found.or_other:
            self._other(draft, parent)
        return draft

    def _hang(self, draft: Draft, parent: Draft | None) -> None:
        self.drafts.append(draft)
        self.by_name.setdefault(draft.name, []).append(draft)
        self.siblings.setdefault((id(parent), draft.name.lower()), draft)
        (parent.children if parent else self.roots).append(draft)

    def _other(self, draft: Draft, parent: Draft | None) -> None:
        """`or_other` asks a second question for the answer that is not in the list."""
        name = draft.name + "_other"
        path = (*draft.path[:-1], name)
        row = Row(draft.row.sheet, draft.row.number, {"type": "text", "name": name}, draft.row.letters)
        more = Draft(row, Type(m.TEXT), name, path, draft.repeats, parent)
        more.relevant_text = f"selected(${{{draft.name}}}, 'other')"
        more.label = SPECIFY
        self._hang(more, parent)

    def _keys(self) -> None:
        """A key is the name where only one row has it, else the path; repeats are named by key too."""
        by_path = {}
        for draft in self.drafts:
            draft.key = draft.name if len(self.by_name[draft.name]) == 1 else "/".join(draft.path)
            by_path["/".join(draft.path)] = draft.key
        for draft in self.drafts:
            draft.repeats = tuple(by_path[path] for path in draft.repeats)

    def _resolve(self, draft: Draft, name: str) -> str:
        found = self.by_name.get(name, ())
        if not found:
            raise BadFormula(_("There is no question “%(name)s”."), code="formula_unknown_name", name=name[:80])
        if len(found) == 1:
            return found[0].key
        near = self.siblings.get((id(draft.parent), name.lower()))
        if near is None or near.name != name:
            raise BadFormula(_("Several questions are called “%(name)s”."), code="formula_ambiguous", name=name)
        return near.key

    def _formulas(self, draft: Draft) -> None:
        row = draft.row
        texts = {column: row.get(column) for column in ("relevant", "constraint", "calculation", "choice_filter")}
        texts["relevant"] = texts["relevant"] or draft.relevant_text
        texts["required"] = "" if row.get("required").lower() in YES | NO else row.get("required")
        texts["repeat_count"] = row.get("repeat_count") if draft.type.repeat else ""
        default = row.get("default")
        texts["default"] = default if "${" in default or re.fullmatch(r"[\w:-]+\(.*\)", default, re.S) else ""
        if draft.group:
            texts |= {"constraint": "", "calculation": "", "choice_filter": "", "required": "", "default": ""}
        columns = self._columns(draft)
        for column, text in texts.items():
            if not text:
                continue
            try:
                draft.formulas[column] = read(
                    straight(text), lambda name: self._resolve(draft, name),
                    columns=columns if column == "choice_filter" else (),
                )  # fmt: skip
            except BadFormula as error:
                self._say(row.at(column), error.error_code, error.message, **error.data)
        if draft.type.kind == m.CALCULATE and not texts["calculation"] and not default:
            self._say(row.at("calculation"), "calculation_missing", _("A calculation without a formula."))
        if row.get("prefill") and row.get("prefill") not in KNOWN_COLUMNS:
            sentence = _("“%(name)s” is nothing that is known of a person: %(known)s.")
            known = ", ".join(KNOWN_COLUMNS)
            self._say(row.at("prefill"), "prefill_unknown", sentence, name=row.get("prefill")[:80], known=known)

    def _columns(self, draft: Draft) -> set[str]:
        found = self.lists.get(draft.type.list_name, ())
        return {"name"} | {column for choice in found for column in choice.columns}

    def _freeze(self, draft: Draft) -> Question | Group:
        row, formulas = draft.row, draft.formulas
        label = draft.label or row.texts("label")
        if draft.group:
            return Group(
                draft.key, draft.name, draft.path, draft.repeats, row.at(), draft.type.repeat, label,
                formulas.get("relevant"), formulas.get("repeat_count"), row.get("appearance"),
                tuple(self._freeze(child) for child in draft.children),
            )  # fmt: skip
        return Question(
            key=draft.key,
            name=draft.name,
            path=draft.path,
            repeats=draft.repeats,
            kind=m.CALCULATE if "calculation" in formulas and draft.type.kind == m.HIDDEN else draft.type.kind,
            place=row.at(),
            label=label,
            hint=row.texts("hint"),
            choices=self._choices(draft),
            choice_filter=formulas.get("choice_filter"),
            relevant=formulas.get("relevant"),
            constraint=formulas.get("constraint"),
            constraint_message=row.texts("constraint_message"),
            required=ALWAYS if row.get("required").lower() in YES else formulas.get("required"),
            required_message=row.texts("required_message"),
            calculation=formulas.get("calculation"),
            default=formulas.get("default"),
            default_text="" if "default" in formulas else row.get("default"),
            read_only=row.get("readonly").lower() in YES,
            appearance=row.get("appearance"),
            parameters=dict(part.split("=", 1) for part in row.get("parameters").split() if "=" in part),
            prefill=row.get("prefill"),
            meta=draft.type.meta,
        )

    def _choices(self, draft: Draft) -> tuple[Choice, ...]:
        found = self.lists.get(draft.type.list_name, ())
        if draft.type.or_other and all(choice.name != "other" for choice in found):
            return (*found, Choice("other", OTHER))
        return found


ALWAYS = Expression("true()", (), lambda env: True)
