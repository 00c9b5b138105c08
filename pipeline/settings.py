"""Paths and switches, and the only reader of the environment (variables start with VEIVISER_)."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things lie (`VEIVISER_HOME=/srv/veiviser` moves them all), the form of the log, and secrets."""

    model_config = SettingsConfigDict(env_prefix="VEIVISER_", frozen=True)

    home: Path = Path(__file__).parent.parent
    drop: Path | None = None
    log: Literal["auto", "bars", "text", "json"] = "auto"
    smtp_password: SecretStr | None = None
    webhook_url: SecretStr | None = None

    @property
    def raw(self) -> Path:
        """The archive: a folder a jurisdiction, a folder a dataset."""
        return self.home / "data" / "raw"

    @property
    def drops(self) -> Path:
        """Where people put files: a folder a jurisdiction. `VEIVISER_DROP=/mnt/shared` moves it alone."""
        return self.drop or self.home / "data" / "drop"

    @property
    def processed(self) -> Path:
        """Releases: a folder a jurisdiction."""
        return self.home / "data" / "processed"

    @property
    def reports(self) -> Path:
        """Pages and packs: a folder a jurisdiction."""
        return self.home / "reports"
