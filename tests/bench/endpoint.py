"""A DynamoDB endpoint that answers at once, in a process of its own: only the client's work is left to measure.

Run as `python -m tests.bench.endpoint`: prints its port and serves until its standard input closes. The first line of
its input is what BatchGetItem finds: a JSON object of items by "<pk> <sk>".
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]


@contextmanager
def running_endpoint(items: Mapping[str, Any]) -> Iterator[str]:
    """The endpoint's URL."""
    command = [sys.executable, "-m", "tests.bench.endpoint"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(items) + "\n")
        process.stdin.flush()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


async def _serve(items: Mapping[str, Any]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                body = await reader.readexactly(int(headers["content-length"]))
                writer.write(_response(headers["x-amz-target"], body, items))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def _response(target: str, body: bytes, items: Mapping[str, Any]) -> bytes:
    answer: dict[str, Any] = {}
    if target.endswith(".batchgetitem"):
        answer = {"Responses": {}, "UnprocessedKeys": {}}
        for table, request in json.loads(body)["RequestItems"].items():
            keys = (f"{key['pk']['S']} {key['sk']['S']}" for key in request["Keys"])
            answer["Responses"][table] = [items[key] for key in keys if key in items]
    content = json.dumps(answer, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.stdin.readline())))
