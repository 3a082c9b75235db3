"""A small OpenID Connect provider on loopback: it vouches for whoever the test says, after the usual dance with its checks."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT, SECRET = "ccds-hub", "the hub's own secret"


@dataclass
class Provider:
    """One provider. `claims` is what it says about whoever comes next; `refusals` what it refused, by reason."""

    port: int
    claims: dict[str, object] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, query: dict[str, str]) -> str | None:
        """Where the browser is sent on to, with a code that is good once; None for a request that it refuses."""
        if query.get("client_id") != CLIENT or query.get("response_type") != "code" or "code_challenge" not in query:
            self.refusals.append("authorize")
            return None
        code = secrets.token_urlsafe()
        self.codes[code] = (query["code_challenge"], query["redirect_uri"])
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, object] | None:
        """An access token for a code; None where the code, the secret, the address or the verifier is wrong."""
        challenge, redirect = self.codes.pop(form.get("code", ""), ("", ""))
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = authorization == f"Basic {basic}" or form.get("client_secret") == SECRET
        if not (
            known and redirect and form.get("redirect_uri") == redirect and proof.decode().rstrip("=") == challenge
        ):
            self.refusals.append("token")
            return None
        access = secrets.token_urlsafe()
        self.tokens[access] = dict(self.claims)
        return {"access_token": access, "token_type": "Bearer", "expires_in": 60}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider that answers until the end of the block."""
    provider = Provider(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/authorize":
                to = provider.authorize({key: value for key, (value,) in parse_qs(place.query).items()})
                self._answer(302 if to else 400, location=to or "")
                return
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            known = place.path == "/userinfo" and token in provider.tokens
            self._answer(200 if known else 401, provider.tokens.get(token, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {key: value for key, (value,) in parse_qs(body).items()}
            told = provider.token(form, self.headers.get("Authorization", ""))
            self._answer(200 if told else 400, told or {"error": "invalid_grant"})

        def _answer(self, status: int, told: dict[str, object] | None = None, location: str = "") -> None:
            body = json.dumps(told or {}).encode()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
