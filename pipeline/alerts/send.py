"""Three ways to send a digest: by e-mail, as a file in a folder, by POST. Each raises NotSent, with no secret in it."""

import json
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import urlsplit

from pipeline.alerts.config import Alerts, Folder, Mail, Webhook, password, url
from pipeline.alerts.digest import Digest
from pipeline.problems import BadInput, PublisherError
from pipeline.progress import new_run
from pipeline.reports.write import put
from pipeline.settings import Settings
from pipeline.sources.http import Limits, Publishers

SECONDS = 20  # for each answer of a mail server: a run must not hang on one
LIMITS = Limits(connect_seconds=5, read_seconds=SECONDS, total_seconds=60, retries=2, longest_wait_seconds=30)


class NotSent(Exception):
    """A digest that did not reach its channel, and why."""


def channels(declared: Alerts, settings: Settings) -> dict[str, Callable[[Digest], str]]:
    """Channel → what sends a digest there and says where it went."""
    found: dict[str, Callable[[Digest], str]] = {}
    if mail := declared.mail:
        found["mail"] = lambda digest: _mail(mail, digest, settings)
    if folder := declared.folder:
        found["folder"] = lambda digest: _file(folder, digest, settings)
    if webhook := declared.webhook:
        found["webhook"] = lambda digest: _post(webhook, digest, settings)
    return found


def where_to(declared: Alerts, settings: Settings) -> dict[str, str]:
    """Channel → where it leads, without secrets."""
    found = {}
    if mail := declared.mail:
        found["mail"] = f"{', '.join(mail.to)} by {mail.host}:{mail.port} ({mail.security})"
    if declared.folder:
        found["folder"] = str(settings.home / declared.folder.path)
    if declared.webhook:
        found["webhook"] = "a POST to the address in " + str(declared.webhook.url_file or "VEIVISER_WEBHOOK_URL")
    return found


def message(mail: Mail, digest: Digest) -> EmailMessage:
    """The digest as an e-mail, marked as made by a machine."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = mail.sender, ", ".join(mail.to), digest.subject
    made["Date"] = formatdate(digest.at.timestamp())
    made["Message-ID"] = make_msgid(domain=mail.sender.partition("@")[2])
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    made.set_content(digest.text)
    return made


def _mail(mail: Mail, digest: Digest, settings: Settings) -> str:
    try:
        secret = password(mail, settings) if mail.user else ""
        trusted = ssl.create_default_context(cafile=str(settings.home / mail.ca_file) if mail.ca_file else None)
        with _connected(mail, trusted) as server:
            if mail.security == "starttls":
                server.starttls(context=trusted)  # raises where the server offers none
            if mail.user:
                server.login(mail.user, secret)
            refused = server.send_message(message(mail, digest))
    except (OSError, smtplib.SMTPException, BadInput) as error:
        raise NotSent(f"{mail.host}:{mail.port}: {error or type(error).__name__}") from None
    if refused:
        raise NotSent(f"{mail.host}:{mail.port} refused " + ", ".join(sorted(refused)))
    return ", ".join(mail.to)


def _connected(mail: Mail, trusted: ssl.SSLContext) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=trusted)
    return smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)


def _file(folder: Folder, digest: Digest, settings: Settings) -> str:
    path = settings.home / folder.path / f"{new_run(digest.at)}.json"
    try:
        return str(put(path, json.dumps(digest.to_dict(), ensure_ascii=False, indent=2).encode()))
    except OSError as error:
        raise NotSent(f"{path.parent}: {error.strerror}") from None


def _post(webhook: Webhook, digest: Digest, settings: Settings) -> str:
    """Under the same rules as publishers are asked: no other host, no endless wait, few tries."""
    try:
        address = url(webhook, settings)
    except BadInput as error:
        raise NotSent(str(error)) from None
    host = urlsplit(address).hostname or "the webhook"
    try:
        with Publishers(LIMITS) as publishers:
            publishers.post(address, digest.to_dict(), "html")  # whatever it answers is well
    except (PublisherError, ValueError, OSError) as error:
        happened = error.happened if isinstance(error, PublisherError) else type(error).__name__
        raise NotSent(f"{host}: {_without(happened, address)}") from None
    return host


def _without(text: str, address: str) -> str:
    """The text without the address, or the part of it that is secret."""
    split = urlsplit(address)
    for secret in (address, f"{split.path}?{split.query}", split.path, split.query):
        if len(secret) > 1:
            text = text.replace(secret, "…")
    return text
