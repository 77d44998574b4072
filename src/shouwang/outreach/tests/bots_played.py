"""A server on this machine that plays the three group bots as their documentation describes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

OK: dict[str, dict[str, Any]] = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0},
}
SECRET = "SECplayed0123456789"


@dataclass
class Bots:
    """`texts` is what each bot said in its group; `seen` the moment of each; `mode` how it behaves."""

    now: Callable[[], datetime]
    port: int = 0
    mode: str = "ok"
    texts: dict[str, list[str]] = field(default_factory=lambda: {"wecom": [], "dingtalk": [], "feishu": []})
    seen: list[datetime] = field(default_factory=list)

    def url(self, kind: str) -> str:
        path = {
            "wecom": "/cgi-bin/webhook/send?key=0123456789abcdef0123",
            "dingtalk": "/robot/send?access_token=0123456789abcdef0123",
            "feishu": "/open-apis/bot/v2/hook/0123456789abcdef0123",
        }
        return f"http://127.0.0.1:{self.port}{path[kind]}"

    def answer(self, kind: str, query: dict[str, list[str]], raw: bytes) -> dict[str, Any]:
        """What the service would answer; the text is said only when nothing is wrong."""
        body = json.loads(raw)
        if self.mode == "too_fast":
            return {"wecom": {"errcode": 45009, "errmsg": "api freq out of limit"},
                    "dingtalk": {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
                    "feishu": {"code": 11232, "msg": "frequency limited"}}[kind]  # fmt: skip
        if self.mode == "refuse":
            return {"wecom": {"errcode": 93000, "errmsg": "invalid webhook url"},
                    "dingtalk": {"errcode": 310000, "errmsg": "keywords not in content"},
                    "feishu": {"code": 19024, "msg": "Key Words Not Found"}}[kind]  # fmt: skip
        text = body["content"]["text"] if kind == "feishu" else body["text"]["content"]
        if kind == "wecom" and len(text.encode()) > 2048:
            return {"errcode": 40058, "errmsg": "content exceed max length"}
        if len(raw) > 20_000:
            return {"errcode": 460101, "code": 9499, "errmsg": "too large", "msg": "too large"}
        if kind == "dingtalk" and not self._dingtalk_signed(query):
            return {"errcode": 310000, "errmsg": "sign not match"}
        if kind == "feishu" and not self._feishu_signed(body):
            return {"code": 19021, "msg": "sign match fail"}
        self.seen.append(self.now())
        self.texts[kind].append(text)
        return OK[kind]

    @staticmethod
    def _dingtalk_signed(query: dict[str, list[str]]) -> bool:
        stamp = query["timestamp"][0]
        expected = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
        return len(stamp) == 13 and query["sign"] == [base64.b64encode(expected).decode()]

    @staticmethod
    def _feishu_signed(body: dict[str, Any]) -> bool:
        key = f"{body['timestamp']}\n{SECRET}".encode()
        expected = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
        return len(body["timestamp"]) == 10 and body["sign"] == expected


@contextmanager
def playing(now: Callable[[], datetime]) -> Iterator[Bots]:
    """The bots, until the block ends."""
    bots = Bots(now)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            kind = {"/cgi-bin": "wecom", "/robot/": "dingtalk", "/open-ap": "feishu"}[
                next(prefix for prefix in ("/cgi-bin", "/robot/", "/open-ap") if parts.path.startswith(prefix))
            ]
            answer = bots.answer(kind, parse_qs(parts.query), raw)
            if bots.mode == "drop":  # said in the group, but the answer is lost
                self.close_connection = True
                return
            content = json.dumps(answer).encode()
            self.send_response({"500": 500, "429": 429}.get(bots.mode, 200))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bots.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield bots
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
