"""Sending over real sockets: a mail server with and without TLS, a web server, a folder."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pytest_httpserver import HTTPServer

from pipeline.alerts.config import Alerts, alerts
from pipeline.alerts.digest import Digest
from pipeline.alerts.send import NotSent, channels, where_to
from pipeline.problems import BadInput
from pipeline.settings import Settings
from tests.alerts.test_digest import NOW, fault

DIGEST = Digest("nb", NOW, "20260316T100000_abcdef", begins=(fault(words="på æøå\nX-Header: no"),))
SECRET = "correct horse"


class Received:
    """What the mail server was brought."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.was_encrypted: list[bool] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.was_encrypted.append(
            server.transport is not None and server.transport.get_extra_info("sslcontext") is not None
        )
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


Start = Callable[..., tuple[int, Received]]


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[Start]:
    """Starts a mail server (`starttls`, `tls`, `none`) that wants a password and has a certificate for 127.0.0.1."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(trusted)
    running: list[Controller] = []

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password == SECRET.encode(), handled=False)

    def start(security: str) -> tuple[int, Received]:
        received = Received()
        how: dict[str, Any] = {
            "starttls": {
                "tls_context": trusted,
                "require_starttls": True,
                "authenticator": check,
                "auth_required": True,
            },
            "tls": {"ssl_context": trusted, "authenticator": check, "auth_require_tls": False},
            "none": {},
        }[security]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(received, hostname="127.0.0.1", port=port, **how)
        controller.start()
        running.append(controller)
        return port, received

    yield start
    for each in running:
        each.stop()


def declared(port: int, security: str = "starttls", **changes: Any) -> Alerts:
    mail = {
        "host": "127.0.0.1", "port": port, "security": security, "sender": "veiviser@example.no", "to": ["a@example.no"],
        "user": "veiviser", "ca_file": "ca.pem",
    }  # fmt: skip
    return Alerts.model_validate({"mail": mail | changes})


def send(home: Path, what: Alerts, channel: str = "mail", password: str = SECRET, url: str = "") -> str:
    settings = Settings(home=home, smtp_password=password, webhook_url=url)  # type: ignore[arg-type]
    return channels(what, settings)[channel](DIGEST)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_out_encrypted_with_its_words_whole(tmp_path: Path, mail_server: Start, security: str) -> None:
    port, received = mail_server(security)
    assert send(tmp_path, declared(port, security, to=["a@example.no", "b@example.no"])) == "a@example.no, b@example.no"
    (mail,) = received.messages
    assert received.was_encrypted == [True]
    assert (mail["From"], mail["To"]) == ("veiviser@example.no", "a@example.no, b@example.no")
    assert mail["Subject"] == "Veiviser: 1 nytt galt" and mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@example.no>") and mail["X-Header"] is None
    assert mail.get_content().replace("\r\n", "\n") == DIGEST.text and "på æøå X-Header: no" in DIGEST.text


def test_a_relay_on_this_machine_needs_neither(tmp_path: Path, mail_server: Start) -> None:
    port, received = mail_server("none")
    send(tmp_path, declared(port, "none", user=None))
    assert len(received.messages) == 1


def test_what_goes_wrong_with_a_mail_is_told_without_the_password(tmp_path: Path, mail_server: Start) -> None:
    port, received = mail_server("starttls")
    plain, _ = mail_server("none")
    wrong = [
        (declared(port), "not " + SECRET, "535"),
        (declared(port, ca_file=None), SECRET, "certificate verify failed"),
        (declared(port, to=["nobody@example.no"]), SECRET, "550"),
        (declared(port, to=["a@example.no", "nobody@example.no"]), SECRET, "refused nobody@example.no"),
        (declared(plain), SECRET, "STARTTLS extension not supported"),
        (declared(1), SECRET, "refused"),
        (declared(port), "", "VEIVISER_SMTP_PASSWORD"),
    ]
    for what, password, words in wrong:
        with pytest.raises(NotSent) as caught:
            send(tmp_path, what, password=password)
        assert words in str(caught.value) and SECRET not in str(caught.value)
    assert len(received.messages) == 1, "those who are not refused get it"


def test_a_password_may_stand_in_a_file(tmp_path: Path, mail_server: Start) -> None:
    port, received = mail_server("starttls")
    (tmp_path / "password").write_text(f"{SECRET}\n", encoding="utf-8")
    send(tmp_path, declared(port, password_file="password"), password="not used")
    assert len(received.messages) == 1
    with pytest.raises(NotSent, match="given 'missing'; allowed: a text file we can read"):
        send(tmp_path, declared(port, password_file="missing"))


def test_a_folder_gets_one_file_a_digest(tmp_path: Path) -> None:
    what = Alerts.model_validate({"folder": {"path": "out/alerts"}})
    paths = {send(tmp_path, what, "folder") for _ in range(2)}
    assert sorted(paths) == sorted(str(path) for path in (tmp_path / "out" / "alerts").iterdir()) and len(paths) == 2
    told = json.loads(Path(paths.pop()).read_text(encoding="utf-8"))
    assert told["text"] == DIGEST.text and told["begins"][0]["key"] == "failed/norway/kostra"
    (tmp_path / "out" / "full").write_text("a file")
    with pytest.raises(NotSent, match="full"):
        send(tmp_path, Alerts.model_validate({"folder": {"path": "out/full/x"}}), "folder")


def test_a_post_carries_the_digest_as_json(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/hook/s3cret", method="POST").respond_with_data("ok")
    what = Alerts.model_validate({"webhook": {}})
    assert send(tmp_path, what, "webhook", url=httpserver.url_for("/hook/s3cret")) == "127.0.0.1"
    (request, _) = httpserver.log[0]
    assert request.json == json.loads(json.dumps(DIGEST.to_dict()))


def test_what_goes_wrong_with_a_post_is_told_without_its_address(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook/s3cret").respond_with_data("no hook /hook/s3cret here", status=404)
    httpserver.expect_request("/away/s3cret").respond_with_data("", 307, {"Location": "http://example.no/s3cret"})
    what = Alerts.model_validate({"webhook": {}})
    for path, words in (("/hook/s3cret", "answers 404"), ("/away/s3cret", "another host")):
        with pytest.raises(NotSent) as caught:
            send(tmp_path, what, "webhook", url=httpserver.url_for(path))
        assert str(caught.value).startswith("127.0.0.1: ") and words in str(caught.value)
        assert "s3cret" not in str(caught.value)
    for address, words in (("", "VEIVISER_WEBHOOK_URL"), ("not an address s3cret", "the webhook")):
        with pytest.raises(NotSent) as caught:
            send(tmp_path, what, "webhook", url=address)
        assert words in str(caught.value) and "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "field", "allowed"),
    [
        ("", "(whole declaration)", "at least one of [mail], [folder] and [webhook]"),
        ("[mail]\nhost = 'x'\nport = 25\nsender = 'x'\nto = ['a@b.no']", "mail.sender", "String should match pattern"),
        ("[folder]\npath = 'x'\n[mail]\nhost = 'x'\nport = 25\nsender = 'a@b.no'\nto = ['a@b.no']\npassword = 'hunter2'",
         "mail.password", "Extra inputs are not permitted"),
        ("[mail]\nhost = 'x'\nport = 25\nsender = 'a@b.no'\nto = ['a@b.no']\nuser = 'u'\nsecurity = 'none'", "mail",
         "security = 'none' would send the password in the open"),
        ("language = 'da'\n[folder]\npath = 'x'", "language", "Input should be 'nb', 'nn' or 'en'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_declaration_is_told_by_its_field(tmp_path: Path, toml: str, field: str, allowed: str) -> None:
    (tmp_path / "alerts.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        alerts(Settings(home=tmp_path))
    (problem,) = caught.value.problems
    assert "hunter2" not in str(caught.value)
    assert problem.field == field and problem.allowed.startswith(allowed) and problem.file.endswith("alerts.toml")


def test_the_example_in_the_project_can_be_read_and_says_where_it_leads(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent.parent / "deploy" / "alerts.toml"
    (tmp_path / "alerts.toml").write_bytes(example.read_bytes())
    settings = Settings(home=tmp_path)
    read = alerts(settings)
    assert read is not None and set(where_to(read, settings)) == {"mail", "folder", "webhook"}
