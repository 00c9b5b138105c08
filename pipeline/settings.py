"""Paths and switches, and the only reader of the environment (variables start with VEIVISER_)."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things lie. `VEIVISER_HOME=/srv/veiviser` moves them all."""

    model_config = SettingsConfigDict(env_prefix="VEIVISER_", frozen=True)

    home: Path = Path(__file__).parent.parent

    @property
    def raw(self) -> Path:
        """The archive: a folder a jurisdiction, a folder a dataset."""
        return self.home / "data" / "raw"

    @property
    def processed(self) -> Path:
        """Releases: a folder a jurisdiction."""
        return self.home / "data" / "processed"

    @property
    def reports(self) -> Path:
        """Pages and packs: a folder a jurisdiction."""
        return self.home / "reports"
