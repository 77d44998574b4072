"""The background worker as a test runs it: everything that waits, then back."""

from __future__ import annotations

from unittest import mock

from django.core.management import call_command

CLOSES = "django_tasks_db.management.commands.db_worker.close_old_connections"


def work() -> None:
    """Between tasks the worker drops its connection, which on PostgreSQL would end the transaction of the test."""
    with mock.patch(CLOSES):
        call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
