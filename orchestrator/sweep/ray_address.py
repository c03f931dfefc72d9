"""Checks whether there is a Ray cluster at RAY_ADDRESS, as Ray's own attempts to join take minutes.

Importing this file does not import Ray.
"""

from __future__ import annotations

import os
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

from experiments.errors import InputError, Problem

FOUND_BY_RAY: Final = "auto"
"""The cluster whose node this machine is."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
HEAD_METHOD = "/ray.rpc.NodeInfoGcsService/CheckAlive"
"""An RPC method that every head serves."""
REMEDY = "start the cluster, or unset RAY_ADDRESS to run on this machine"
FORM = "name the head and its port, such as head:6379"


def refuse_unusable(address: str) -> None:
    """Refuses an address at which no cluster can be joined.

    Raises:
        InputError: it is no address, it is one for other uses, or no head of Ray answers there.
    """
    if address == FOUND_BY_RAY:
        return
    scheme, _, rest = address.rpartition("://")
    if scheme.startswith("http"):
        raise _unusable(address, "is the address of a dashboard", f"combo submit takes it with --address; {FORM}")
    if scheme == "ray":
        raise _unusable(address, "is for Ray Client, through which sweeps cannot run", f"use combo submit, or {FORM}")
    host, port = _host_and_port(address, urlsplit(f"//{rest}"))
    if not takes_connections(host, port):
        raise _unusable(address, "cannot be used: no server listens there", REMEDY)
    if not _is_head(rest):
        raise _unusable(address, "cannot be used: who listens there is no head of Ray", FORM)


def takes_connections(host: str, port: int) -> bool:
    """Whether a port accepts connections."""
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _host_and_port(address: str, parts: SplitResult) -> tuple[str, int]:
    try:
        host, port = parts.hostname, parts.port
    except ValueError:  # it is no number, or a higher one than ports have
        host = port = None
    if host is None or port is None:
        raise _unusable(address, "is no address", FORM)
    return host, port


def _is_head(target: str) -> bool:
    """Whether a head of Ray answers; one that wants a token refuses with UNAUTHENTICATED."""
    import grpc

    if os.environ.get("RAY_USE_TLS", "0") != "0":
        return True  # Ray knows the certificates
    with grpc.insecure_channel(target) as channel:
        try:
            channel.unary_unary(HEAD_METHOD)(b"", timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            return bool(error.code() == grpc.StatusCode.UNAUTHENTICATED)
    return True


def _unusable(address: str, what: str, remedy: str) -> InputError:
    return InputError(Problem(f"RAY_ADDRESS {address}", what, remedy))
