"""An example receiver: accepts Haulway's webhooks, verifies them, and acts on each fact once.

    WEBHOOK_SECRET=whsec_… python docs/examples/receiver.py 9000

Needs one package: `standardwebhooks`. Put TLS in front of it; Haulway posts only to https://.
"""

import os
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 64 * 1024


def handler(secret: str, act: Callable[[dict[str, Any]], None]) -> type[BaseHTTPRequestHandler]:
    webhook, seen = Webhook(secret), set[str]()  # in production: a table by `webhook-id`

    class Receiver(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST:
                self.answer(413)
                return
            body = self.rfile.read(length)
            try:
                fact = webhook.verify(body, dict(self.headers))
            except WebhookVerificationError:
                self.answer(401)  # not from Haulway, or older than five minutes
                return
            if self.headers["webhook-id"] not in seen:  # a fact can come more than once
                act(fact)
                seen.add(self.headers["webhook-id"])
            self.answer(204)  # quickly, and only after the fact is stored

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Receiver


def serve(port: int, secret: str, act: Callable[[dict[str, Any]], None]) -> ThreadingHTTPServer:
    return ThreadingHTTPServer(("127.0.0.1", port), handler(secret, act))


if __name__ == "__main__":
    serve(int(sys.argv[1]), os.environ["WEBHOOK_SECRET"], print).serve_forever()
