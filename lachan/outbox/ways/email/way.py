import contextlib
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.http.request import validate_host
from django.utils.translation import gettext, override

from lachan.formats.observables import names
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.clock import now
from lachan.kernel.env_kinds import MailServer, mailbox_is_plain
from lachan.outbox.records import MailNote
from lachan.outbox.ways.way import AddressUnusable, Came, Parcel, PayloadUnusable, Tried, Way

_LONGEST = 254  # RFC 5321, section 4.5.3.1.3, without its brackets
_SECONDS = 15.0
# RFC 5321, section 4.2.3, and RFC 3463: not the address's fault, or not for ever.
_FULL, _POLICY = "5.2.2", "5.7."


class Email(Way):
    """To a mailbox: that there is something new here, and where; never what."""

    name, at_once = "email", 2

    def is_on(self) -> bool:
        return settings.MAIL_SERVER is not None

    def address_read(self, text: str) -> str:
        """The part after the @ in small letters and ASCII; the part before it stays, for it is its host's to read."""
        local, at, host = text.strip().rpartition("@")
        try:
            address = f"{local}@{names.canonical_name(host)}" if at else ""
        except InvalidObservable:
            address = ""
        if len(address) > _LONGEST or not mailbox_is_plain(address):
            raise AddressUnusable("no e-mail address")
        return address

    def payload_check(self, payload: bytes) -> None:
        _note(payload)

    def server(self, address: str) -> str:
        return ""  # all go by the operator's own

    def send(self, parcel: Parcel) -> Tried:
        server: MailServer | None = settings.MAIL_SERVER
        if server is None:
            return Tried(Came.LATER, "WayOff")
        letter = letter_write(_note(parcel.payload), to=parcel.address, mark=parcel.mark)
        try:
            line = _connected(server)
            try:
                line.send_message(letter, settings.MAIL_FROM[1], [parcel.address])
            finally:
                # What goes wrong with a goodbye takes back nothing that was taken.
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    line.quit()
        except smtplib.SMTPRecipientsRefused as refused:
            return _bounced(*refused.recipients[parcel.address])
        except smtplib.SMTPDataError as refused:
            code = refused.smtp_code
            return Tried(Came.REFUSED if code >= 500 else Came.LATER, f"Smtp{code}")
        except smtplib.SMTPResponseException as refused:  # who sends, or how, is not taken
            return Tried(Came.LATER, f"Smtp{refused.smtp_code}")
        except (smtplib.SMTPException, OSError) as error:
            return Tried(Came.LATER, type(error).__name__)
        return Tried(Came.SENT)

    def examples(self) -> list[tuple[str, bytes]]:
        note = MailNote(language="vi", link="http://localhost/family/")
        return [("Mot.Nguoi@Shield.EXAMPLE", note.payload())]


def letter_write(note: MailNote, *, to: str, mark: bytes) -> EmailMessage:
    """Plain text without anything that is loaded, counted or told apart."""
    name, sender = settings.MAIL_FROM
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(name, addr_spec=sender)
    letter["To"] = Address(addr_spec=to)
    letter["Date"] = format_datetime(now())
    # The same whenever it is tried again: whoever gets it twice can show it once.
    letter["Message-ID"] = f"<{mark.hex()}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    letter["Content-Language"] = note.language
    if note.unsubscribe:
        letter["List-Unsubscribe"] = f"<{note.unsubscribe}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    with override(note.language):
        letter["Subject"] = gettext("There is something new in Lá Chắn")
        words = [gettext("There is something new for you. Open Lá Chắn:"), note.link]
        if note.unsubscribe:
            words += ["", gettext("No more such e-mails:"), note.unsubscribe]
    letter.set_content("\n".join([*words, ""]))
    return letter


def _note(payload: bytes) -> MailNote:
    try:
        note = msgspec.json.decode(payload, type=MailNote)
    except msgspec.MsgspecError:
        raise PayloadUnusable("an e-mail carries a MailNote") from None
    if note.language not in dict(settings.LANGUAGES):
        raise PayloadUnusable("no language of the product")
    if not all(
        _is_own(link) for link in (note.link, note.unsubscribe) if link or link is note.link
    ):
        raise PayloadUnusable("a link leads to a page of this instance")
    return note


def _is_own(link: str) -> bool:
    """Whether it is an address of this instance, in one line."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    is_line = link.isascii() and link.isprintable() and " " not in link and len(link) < 800
    is_http = parts.scheme in {"http", "https"} and parts.username is None
    return (
        is_line
        and is_http
        and validate_host((parts.hostname or "").lower(), settings.ALLOWED_HOSTS)
    )


def _connected(server: MailServer) -> smtplib.SMTP:
    own = settings.MAIL_FROM[1].rpartition("@")[2]  # the machine's name is nobody's affair
    safe = ssl.create_default_context()
    if server.security == "tls":
        line: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, own, timeout=_SECONDS, context=safe
        )
    else:
        line = smtplib.SMTP(server.host, server.port, own, timeout=_SECONDS)
    try:
        if server.security == "starttls":
            line.starttls(context=safe)
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def _bounced(code: int, says: bytes) -> Tried:
    """A refused recipient: gone for good, unless the words say that the box is full or the sender unwelcome."""
    told = says.decode("ascii", "replace").lstrip()
    if code < 500:
        return Tried(Came.LATER, f"Smtp{code}")
    if told.startswith(_FULL) or code == 552:
        return Tried(Came.LATER, f"Smtp{code}")
    if told.startswith(_POLICY):
        return Tried(Came.REFUSED, f"Smtp{code}")
    return Tried(Came.GONE, f"Smtp{code}")
