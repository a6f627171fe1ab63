"""An S3 server of a test's own, on loopback, that keeps objects in memory."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "s3-secret-of-the-chain"}
SERVER = Path(sys.executable).with_name("moto_server")
BUCKET = "chain"


def why_not() -> str | None:
    """Return why no server can be started here; None where it can."""
    return None if SERVER.exists() or shutil.which("moto_server") else "moto is not installed"


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Run a server with a bucket; yield the variables by which programs find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(SERVER), "--host", "127.0.0.1", "--port", str(port)]
    nothing = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=nothing, stderr=nothing)
    url = f"http://127.0.0.1:{port}"
    variables = {**KEYS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}
    try:
        end = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the S3 server did not start")
            time.sleep(0.1)
        client(variables).create_bucket(Bucket=BUCKET)
        yield variables
    finally:
        server.terminate()
        server.wait(timeout=30)


def client(variables: dict[str, str]) -> object:
    """Return a client of the server."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def put(variables: dict[str, str], key: str, content: bytes) -> None:
    """Store an object."""
    client(variables).put_object(Bucket=BUCKET, Key=key, Body=content)


def objects(variables: dict[str, str]) -> list[str]:
    """Return the keys of all objects."""
    found = client(variables).list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [one["Key"] for one in found]


def content(variables: dict[str, str], key: str) -> bytes:
    """Return the bytes of an object."""
    return client(variables).get_object(Bucket=BUCKET, Key=key)["Body"].read()
