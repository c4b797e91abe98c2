"""Whether an address can be listened on, said before a server tries."""

import contextlib
import socket

import click

Address = tuple[str, int]


def port_expect(address: Address, option: str, kind: socket.SocketKind) -> None:
    """That nobody listens there. Servers that share a port by SO_REUSEPORT would both be given visitors, of
    two instances perhaps; here nothing is shared.

    Raises:
        ClickException: somebody does, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise click.ClickException(
                f"{address_shown(address)} cannot be used ({error.strerror}): "
                f"stop what uses it, or choose another with {option}"
            ) from None


def port_free(host: str, wanted: int) -> int:
    """A port on which nobody listens for connections now: the wanted one, or another."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    return wanted


def address_shown(address: Address) -> str:
    """ADDRESS:PORT as it stands in a URL."""
    return f"{host_bracketed(address[0])}:{address[1]}"


def host_bracketed(host: str) -> str:
    """A host as it stands in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
