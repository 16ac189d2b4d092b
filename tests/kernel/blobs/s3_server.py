"""A real S3 server for the tests (moto), and a bad line to it."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import boto3

from tests import servers

BUCKET, REGION = "licences", "cn-north-1"


@dataclass(frozen=True)
class S3Server:
    """Where it is, and whom it lets in: it checks every signature."""

    endpoint: str
    access_key: str
    secret_key: str


MADE_OPENLY = 4
"""Requests until it looks at signatures: the bucket, the user, what they may, their key."""


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """With one empty bucket and one user."""
    port = servers.spare_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": str(MADE_OPENLY)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        servers.await_port(port, process, 120)
        endpoint = f"http://127.0.0.1:{port}"
        given: dict[str, str] = {
            "endpoint_url": endpoint, "region_name": REGION, "aws_access_key_id": "nobody",
            "aws_secret_access_key": "nothing",
        }  # fmt: skip
        s3, iam = boto3.client("s3", **given), boto3.client("iam", **given)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        iam.create_user(UserName="vault")
        may = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
        policy = json.dumps({"Version": "2012-10-17", "Statement": may})
        iam.put_user_policy(UserName="vault", PolicyName="vault", PolicyDocument=policy)
        key = iam.create_access_key(UserName="vault")["AccessKey"]
        yield S3Server(endpoint, key["AccessKeyId"], key["SecretAccessKey"])
    finally:
        servers.stop(process)


@contextlib.asynccontextmanager
async def bad_line(endpoint: str, faults: list[str]) -> AsyncIterator[str]:
    """A way to `endpoint` on which the first connections meet one fault each: `busy` (503), `cut`, `cut after`."""
    host, _, port = endpoint.removeprefix("http://").partition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = faults.pop(0) if faults else ""
        if fault == "busy":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        elif fault != "cut":
            await _forward(reader, writer, host, int(port), keeps_answer=fault == "cut after")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, *, keeps_answer: bool
) -> None:
    there_reader, there_writer = await asyncio.open_connection(host, port)

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()

    asking = asyncio.create_task(pump(reader, there_writer))
    if keeps_answer:
        await there_reader.read(65536)  # it is done there, and nobody hears of it
    else:
        with contextlib.suppress(ConnectionError):
            await pump(there_reader, writer)
    asking.cancel()
    there_writer.close()
