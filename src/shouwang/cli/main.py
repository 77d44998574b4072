"""The `shouwang` command. Each group of commands is a module; this one starts Django and turns refusals into words."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Any

import click

from shouwang import __version__

# Name -> (module, attribute, one line for --help). Modules are imported when used: `shouwang --help` stays quick.
COMMANDS = {
    "init": ("setup", "init", "Create SHOUWANG_HOME with secret key and database, or bring an old one up to date."),
    "doctor": ("doctor", "doctor", "Say what is wrong with this installation, and how to mend it."),
    "serve": ("serve", "serve", "Serve pages and API, with import worker, clock sweeper and reminders."),
    "demo": ("demo.command", "demo", "Synthesise a campus and run the whole story on it."),
    "import": ("imports", "imports", "Import a roster, presence records, a timetable."),
    "rule": ("contact_rules", "rule", "Contact rules: list, check, preview of a change, apply."),
    "explain": ("contact_rules", "explain", "Why a person is, or is not, a contact of a case."),
    "interview": ("interviews", "interview", "What a case or a contact says: list, enter, correct, withdraw."),
    "scan": ("scans", "scan", "Codes of places: issue, list; scans: enter, list one's own, strike out."),
    "clock": ("clocks", "clocks", "Readers whose clock ran wrong: look, list, set, accept, reject, withdraw."),
    "visitor": ("visitors", "visitors", "Visitors at the gate: register, leave, withdraw, list, import."),
    "seats": ("seats", "seats", "Seat plans: import, list, show, remove."),
    "trace": ("trace", "trace", "Everyone who was with a person in a window, with evidence."),
    "chains": ("chains", "chains", "Transmission chains: who infected whom; propose, accept, reject, add."),
    "network": ("network", "network", "Who was together with whom, without names, for modelling."),
    "report": ("report", "report", "The situation report of a day, as text, JSON or Word."),
    "daily": ("daily", "daily", "Daily reports of units: hand in, take in, who is missing, Word and Excel."),
    "directive": ("directives", "directive", "Directives: read a notice, keep, review, issue it; who acknowledged."),
    "task": ("tasks", "task", "Tasks of issued directives: list, act, split; what waits for oneself."),
    "board": ("report", "board", "The main numbers, and which units need attention."),
    "gap": ("gaps", "gap", "Weak points, their corrections, what people tell."),
    "matter": ("matters", "matter", "Accountability: propose, serve, reply, decide, appeal."),
    "team": ("teams", "team", "Teams: who is seconded, duty, proposals, service records."),
    "measure": ("measures", "measure", "Control measures that hold, and what a level would change."),
    "level": ("report", "level", "Show, declare or end the response level."),
    "checkin": ("clinic", "checkin", "Check in for a person; the lists, why somebody stands there, acts on many."),
    "alert": ("clinic", "alert", "The clinic's queue of symptom alerts."),
    "case": ("clinic", "case", "Cases: list, open, classify, date; late clocks."),
    "care": ("care", "care", "Care of a case: treat, refer, discharge, follow up, clear the return, check."),
    "exchange": ("exchange", "exchange", "Cases that SORMAS or Go.Data know: bring in, decide whose they are."),
    "export": ("export", "export", "Files for others: the line list of cases."),
    "lab": ("laboratory", "lab", "Tests, samples, results, laboratories' files, testing days."),
    "contact": ("desk", "contact", "Contacts of a case: trace, list, confirm, dismiss."),
    "followup": ("followups", "followup", "Contacts looked after day by day: list, calls, hand over, end."),
    "order": ("desk", "order", "Quarantine and isolation orders."),
    "beds": ("beds", "beds", "Isolation rooms: the plan for all who wait, the days ahead, cleaned rooms."),
    "remind": ("remind", "remind", "Reminders: plan, send, how far they are, why somebody is (not) reminded."),
    "channel": ("channels", "channel", "Channels to mail and group bots: list, add, test, close."),
    "secrets": ("keys", "secrets", "The key that seals channels' addresses: status, rotate."),
    "survey": ("surveys", "survey", "Screening surveys: check and import forms, make, open, status, export."),
    "account": ("accounts", "account", "Accounts and their roles."),
    "token": ("accounts", "token", "API tokens."),
    "person": ("people", "person", "Possible duplicates of people; merging two records, undoing it."),
    "place": ("places", "place", "Places: to whom a campus belongs."),
    "form": ("forms", "form", "The check-in form: check, publish, list, withdraw."),
    "pack": ("packs", "pack", "Disease packs: list, check, activate."),
    "worker": ("background", "worker", "Check and commit uploaded files until stopped (serve runs one)."),
    "sweep": ("serve", "sweep", "Mark overdue clocks, take up what was interrupted; purge what is past its date."),
    "purge": ("serve", "purge", "Delete what is past its purge date."),
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _help = COMMANDS[cmd_name]
        # What is loaded now stays: looking through it again and again is a sixth of the start.
        gc.disable()
        try:
            _start_django()
            command: click.Command = getattr(import_module(f"shouwang.cli.{module}"), attribute)
        finally:
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_module, _attribute, help_line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        from shouwang.core.errors import ShouwangError

        try:
            return super().invoke(ctx)
        except ShouwangError as error:
            field = f" [{error.field}]" if error.field else ""
            raise click.ClickException(f"{error.error_code}{field}: {error.sentence}") from error


def _start_django() -> None:
    import django
    from django.utils import translation

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")
    django.setup()
    spoken = os.environ.get("SHOUWANG_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    translation.activate("zh-hans" if spoken.lower().startswith("zh") else "en")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shouwang")
def shouwang() -> None:
    """Shouwang 守望: outbreak response of a campus.

    SHOUWANG_HOME (default ~/.shouwang) holds database, presence segments, files and secrets.
    """


def main() -> None:
    # A pipe whose reader has gone (`| head`) is no fault of ours.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    shouwang()
