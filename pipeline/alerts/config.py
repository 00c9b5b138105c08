"""Whom to tell, declared in `alerts.toml` of the home folder. Without that file nothing is ever sent."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints, model_validator

from pipeline.problems import BadInput, bad_input
from pipeline.registry.model import Declaration, Language
from pipeline.registry.reader import Reader
from pipeline.settings import Settings

FILE = "alerts.toml"
Kind = Literal["failed", "late", "fell_short", "new_release", "changed_metadata", "refused_file"]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$")]
Hours = Annotated[int, Field(ge=0)]
HERE = ("localhost", "127.0.0.1", "::1")


class Repeat(Declaration):
    """After how many hours a fault that lasts is said again; 0 is never: only when it begins and when it is over."""

    failed: Hours = 24
    late: Hours = 24
    fell_short: Hours = 0


class Mail(Declaration):
    """A mail server and whom it brings digests to. The password is VEIVISER_SMTP_PASSWORD, or stands in a file."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Address
    to: Annotated[tuple[Address, ...], Field(min_length=1)]
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _password_stays_secret(self) -> "Mail":
        if self.user and self.security == "none" and self.host not in HERE:
            raise ValueError("security = 'none' would send the password in the open: use 'starttls' or 'tls'")
        return self


class Folder(Declaration):
    """A folder that gets one JSON file a digest; a relative one lies in the home folder."""

    path: Path


class Webhook(Declaration):
    """An address that digests are posted to as JSON: VEIVISER_WEBHOOK_URL, or the one that stands in a file.

    The address is a secret: whoever knows it can write there.
    """

    url_file: Path | None = None


class Alerts(Declaration):
    """What is told, in which language, where to, and how often a fault is repeated."""

    language: Language = "nb"
    tell: tuple[Kind, ...] = get_args(Kind)
    repeat_hours: Repeat = Repeat()
    mail: Mail | None = None
    folder: Folder | None = None
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Alerts":
        if not (self.mail or self.folder or self.webhook):
            raise ValueError("at least one of [mail], [folder] and [webhook]")
        return self


def alerts(settings: Settings) -> Alerts | None:
    """What `alerts.toml` declares; nothing when there is none. Raises BadInput."""
    if not (settings.home / FILE).exists():
        return None
    reader = Reader(settings.home)
    declared = reader.one(FILE, Alerts)
    if reader.problems:
        hidden = [replace(p, given="what is not shown") if _may_be_secret(p.field) else p for p in reader.problems]
        raise BadInput(hidden)
    return declared


def _may_be_secret(field: str) -> bool:
    """A secret that somebody wrote into the declaration all the same."""
    return any(word in field for word in ("password", "url", "token", "secret"))


def password(mail: Mail, settings: Settings) -> str:
    """Raises BadInput when there is none."""
    given = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return _secret("mail.password_file", mail.password_file, given, "VEIVISER_SMTP_PASSWORD", settings)


def url(webhook: Webhook, settings: Settings) -> str:
    """Raises BadInput when there is none."""
    given = settings.webhook_url.get_secret_value() if settings.webhook_url else None
    return _secret("webhook.url_file", webhook.url_file, given, "VEIVISER_WEBHOOK_URL", settings)


def _secret(field: str, file: Path | None, given: str | None, variable: str, settings: Settings) -> str:
    """From the environment or, first, from the file that is named; neither is ever shown."""
    try:
        secret = (settings.home / file).read_text(encoding="utf-8").strip() if file else given
    except (OSError, UnicodeDecodeError) as error:
        raise bad_input(FILE, "", field, str(file), f"a text file we can read ({type(error).__name__})") from None
    if not secret:
        raise bad_input(FILE, "", field, "nothing", f"the name of a file, or the environment variable {variable}")
    return secret
