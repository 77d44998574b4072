"""Apprise plugins for the group bots of WeCom, DingTalk and Feishu.

Apprise brings plugins for all three, but (2.3.0) those of WeCom and DingTalk take any HTTP 200 for success, while both
services refuse with HTTP 200 and an error code; sizes are counted in characters, the services count bytes; the pause
between two messages is slept; and Feishu's has no signature. These differ in exactly that.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import quote

from apprise import NotifyType
from apprise.plugins import NotifyBase

from shouwang.outreach.rules import Limits, Outcome, shortened
from shouwang.outreach.sending.http import Answer, post


class Bot(NotifyBase):  # type: ignore[no-untyped-call]  # Apprise's hook for subclasses has no types
    """A group bot behind a webhook. `answer` is what came of the last call."""

    request_rate_per_sec = 0  # rates are kept in the database, over all processes
    code_field, note_field = "errcode", "errmsg"

    def __init__(self, webhook: str, secret: str, limits: Limits) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Apprise has no types here
        self.webhook, self.key, self.limits = webhook, secret, limits
        self.body_maxlen = limits.max_bytes
        self.answer: Answer | None = None

    @property
    def url_identifier(self) -> tuple[str, str]:  # type: ignore[override]  # Apprise documents the tuple, but infers bool
        """Apprise names its cache after this; a digest, so that no key becomes the name of a file."""
        return type(self).__name__, hashlib.sha256(self.webhook.encode()).hexdigest()

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """Never the real address: Apprise writes this into its logs."""
        return f"{type(self).__name__.lower()}://****"

    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **kwargs: Any) -> bool:
        text = f"{title}\n{body}" if title else body
        moment = time.time()
        payload = self.payload(shortened(text, self.limits.max_bytes), moment)
        self.answer = self.judged(post(self.address(moment), payload))
        return self.answer.outcome is Outcome.SENT

    def payload(self, text: str, moment: float) -> dict[str, Any]:
        """The JSON body for a text that fits."""
        raise NotImplementedError

    def address(self, moment: float) -> str:
        """The webhook, signed where the service wants that in the address."""
        return self.webhook

    def judged(self, answer: Answer) -> Answer:
        """HTTP 200 is not yet "sent": the service says so by code 0."""
        code = answer.body.get(self.code_field)
        if answer.outcome is Outcome.UNKNOWN or not isinstance(code, int) or code == 0:
            return answer
        note = shortened(f"{code} {answer.body.get(self.note_field, '')}", 200)
        too_fast = code in self.limits.too_fast_codes
        return Answer(Outcome.TOO_FAST if too_fast else Outcome.REFUSED, note, answer.body)


class WeCom(Bot):  # type: ignore[no-untyped-call]  # as `Bot`
    """https://developer.work.weixin.qq.com/document/path/91770"""

    def payload(self, text: str, moment: float) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": text}}


class DingTalk(Bot):  # type: ignore[no-untyped-call]  # as `Bot`
    """https://open.dingtalk.com/document/orgapp/custom-robot-access; signed with milliseconds in the address."""

    def payload(self, text: str, moment: float) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}}

    def address(self, moment: float) -> str:
        if not self.key:
            return self.webhook
        stamp = str(round(moment * 1000))
        digest = hmac.new(self.key.encode(), f"{stamp}\n{self.key}".encode(), hashlib.sha256).digest()
        return f"{self.webhook}&timestamp={stamp}&sign={quote(base64.b64encode(digest), safe='')}"


class Feishu(Bot):  # type: ignore[no-untyped-call]  # as `Bot`
    """https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN; signed with seconds in the body."""

    code_field, note_field = "code", "msg"

    def payload(self, text: str, moment: float) -> dict[str, Any]:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self.key:
            stamp = str(int(moment))
            # The string to sign is the key of the digest, and what is digested is empty: so the service has it.
            digest = hmac.new(f"{stamp}\n{self.key}".encode(), b"", hashlib.sha256).digest()
            body |= {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
        return body
