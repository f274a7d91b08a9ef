"""
A Partner Center for the benchmark: pages rendered beforehand, served over TLS by a process of its own.

    python -m bench.upstream FOLDER REFERRALS

It prints its URL and serves until it is killed. FOLDER gets `ca.pem`. `GET /bench/change?percent=1` changes that share
of the referrals, `GET /bench/requests` counts the requests for pages.
"""

import asyncio
import json
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

from hunter_pipeline.sandbox.generator import generate_referral as referral

LIST = "/v1.0/engagements/referrals"
PAGE = 200
SEED = 42


class World:
    """Referrals as rendered JSON, in the order of their `updatedDateTime`."""

    def __init__(self, size: int) -> None:
        epoch = datetime.now(UTC) - timedelta(minutes=30)
        payloads = (referral(SEED, number, epoch) for number in range(size))
        rendered = sorted((payload["updatedDateTime"], _rendered(payload)) for payload in payloads)
        self.stamps = [stamp for stamp, _ in rendered]
        self.items = [item for _, item in rendered]
        self.requests = 0
        self.url = ""

    def change(self, percent: float) -> int:
        """Change the deal value of the referrals that changed longest ago."""
        count = max(1, int(len(self.items) * percent / 100))
        now = datetime.now(UTC)
        changed = [json.loads(item) for item in self.items[:count]]
        for number, payload in enumerate(changed):
            payload["updatedDateTime"] = f"{now + timedelta(microseconds=number):%Y-%m-%dT%H:%M:%S.%f}0Z"
            payload["details"] = {**(payload.get("details") or {}), "dealValue": 1000 + number, "currency": "EUR"}
        self.items = self.items[count:] + [_rendered(each) for each in changed]
        self.stamps = self.stamps[count:] + [each["updatedDateTime"] for each in changed]
        return count

    def page(self, query: dict[str, list[str]]) -> bytes:
        """Return the page that a query asks for, with the link to the next one."""
        self.requests += 1
        if "$skiptoken" in query:
            start = int(query["$skiptoken"][0])
        else:
            since = query.get("$filter", [""])[0].partition("updatedDateTime ge ")[2]
            start = (
                next((at for at, stamp in enumerate(self.stamps) if stamp >= since), len(self.stamps)) if since else 0
            )
        end = start + PAGE
        body = b'{"value":[' + b",".join(self.items[start:end]) + b"]"
        if end < len(self.items):
            body += f',"@odata.nextLink":"{self.url}{LIST}?$skiptoken={end}"'.encode()
        return body + b"}"


def _rendered(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection with keep-alive; requests have no body."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            body = self.answer(head.split(b" ", 2)[1].decode())
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )

    def answer(self, target: str) -> bytes:
        parts = urlsplit(target)
        query = parse_qs(unquote(parts.query))
        if parts.path == "/bench/change":
            return json.dumps({"changed": self.world.change(float(query["percent"][0]))}).encode()
        if parts.path == "/bench/requests":
            return json.dumps({"requests": self.world.requests}).encode()
        return self.world.page(query)


async def serve(folder: Path, size: int) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    world = World(size)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(world), "127.0.0.1", 0, ssl=context)
    world.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    print(world.url, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
