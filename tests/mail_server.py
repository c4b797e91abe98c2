"""A mail server for tests (RFC 5321, as much of it as a client asks): it keeps what it is sent.

with MailServer() as server:
    settings.MAIL_SERVER = mail_server(server.url)
    …
    assert server.letters[0].letter["Subject"] == …
"""

import dataclasses
import email
import email.message
import email.policy
import socketserver
import threading

HOST = "127.0.0.1"


@dataclasses.dataclass(frozen=True)
class Letter:
    sender: str
    to: list
    raw: bytes

    @property
    def letter(self) -> email.message.EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)


class MailServer:
    """Attributes:
    letters: what it took.
    says: an answer of its own to a command, by the command's first word; once each, where it is a list.
    """

    def __init__(self):
        self.letters, self.says, self.greeted = [], {}, []

    def __enter__(self):
        mail = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 10

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                sender, to = "", []
                self.say("220 mail.shield.example")
                for line in self.rfile:
                    verb = line[:4].decode().strip().upper()
                    own = mail.says.get(verb)
                    if own is not None:
                        self.say(own.pop(0) if isinstance(own, list) and own else str(own))
                        if verb != "QUIT":
                            continue
                    if verb in {"EHLO", "HELO"}:
                        mail.greeted.append(line.split()[1].decode())
                        self.say("250 mail.shield.example")
                    elif verb == "MAIL":
                        sender, to = _address(line), []
                        self.say("250 2.1.0 OK")
                    elif verb == "RCPT":
                        to.append(_address(line))
                        self.say("250 2.1.5 OK")
                    elif verb == "DATA":
                        self.say("354 go on")
                        raw = b"".join(iter(self.rfile.readline, b".\r\n"))
                        mail.letters.append(Letter(sender, to, raw.replace(b"\r\n..", b"\r\n.")))
                        self.say("250 2.0.0 taken")
                    elif verb == "QUIT":
                        if own is None:
                            self.say("221 2.0.0 bye")
                        return
                    else:
                        self.say("250 OK")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self._server = Server((HOST, 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self):
        return f"smtp://{HOST}:{self._server.server_address[1]}"


def _address(line):
    return line.decode().partition("<")[2].partition(">")[0]
