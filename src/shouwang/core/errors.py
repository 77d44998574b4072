"""Typed errors. Every refusal has a code, names its field, and says in the reader's language what to do next.

Words: an error's *code* is stable and machine-readable; its *message* is a translatable sentence with named
fields; *data* holds the values of those fields. `status` is the HTTP status the three mouths agree on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Message = str | Promise
PLAIN = (str, int, float, list, tuple, dict, type(None))  # what JSON holds as it is


class ShouwangError(Exception):
    """Base of every expected refusal. Anything else that is raised is a fault of the program."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: Message, *, code: str | None = None, field: str | None = None, **data: Any) -> None:
        super().__init__(str(code or type(self).code))
        self.message = message
        self.error_code = code or type(self).code
        self.field = field
        self.data = data

    @property
    def sentence(self) -> str:
        """The message in the active language, with its named fields filled in."""
        text = str(self.message)
        return text % self.data if self.data else text

    def as_dict(self) -> dict[str, Any]:
        # A name in two languages is told in the reader's, like the sentence.
        data = {name: value if isinstance(value, PLAIN) else str(value) for name, value in self.data.items()}
        return {"code": self.error_code, "field": self.field, "message": self.sentence, "data": data}

    def __str__(self) -> str:
        return self.sentence


class BadInput(ShouwangError):
    """What was given cannot be used; nothing was written."""

    code = "bad_input"
    status = 400


class NotFound(ShouwangError):
    """It does not exist, or the asker may not know that it does: the two are deliberately the same."""

    code = "not_found"
    status = 404

    def __init__(self, message: Message = _("There is nothing here that you may see."), **kwargs: Any) -> None:
        super().__init__(message, **kwargs)


class Forbidden(ShouwangError):
    """The asker may see the thing but not do this to it."""

    code = "forbidden"
    status = 403

    def __init__(self, message: Message = _("Your role does not allow this."), **kwargs: Any) -> None:
        super().__init__(message, **kwargs)


class Conflict(ShouwangError):
    """The state has moved on since the asker looked; look again before deciding."""

    code = "conflict"
    status = 409


class Later(ShouwangError):
    """Not now; `retry_after` says in how many seconds it may be tried again. Also in `data`, for the sentence."""

    def __init__(self, message: Message, *, retry_after: int, **kwargs: Any) -> None:
        self.retry_after = max(retry_after, 1)
        super().__init__(message, retry_after=self.retry_after, **kwargs)


class TooMany(Later):
    """Asked or tried too often."""

    code = "too_many"
    status = 429


class Busy(Later):
    """Not taken, and not lost: the sender keeps it and tries again."""

    code = "busy"
    status = 503


class Unauthorized(ShouwangError):
    """Nobody is known to be asking: no ticket, a forged one, or one that is not good any more."""

    code = "credential_invalid"
    status = 401

    def __init__(self, message: Message = _("Open the page again; your pass is not valid."), **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
