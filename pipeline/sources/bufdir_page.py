"""Finds the monitor's ZIP on Bufdir's page: host, case and hash of its address change with every edition."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urljoin, urlsplit

from pipeline.problems import PublisherError
from pipeline.registry.dataset import BufdirDataset
from pipeline.sources.http import LOOK, Publishers

LINK = re.compile(r"""[^"'\s<>\\]*kommunemonitor_barnevern_(\d{4}_\d{2}_\d{2})_[0-9a-f]+\.zip""", re.IGNORECASE)


@dataclass(frozen=True)
class Edition:
    """The ZIP that the page links to, and the day in its name."""

    address: str
    named_day: datetime


def edition(publishers: Publishers, dataset: BufdirDataset) -> Edition:
    """The one edition on the page. Raises PublisherError when there is none or more than one."""
    page = publishers.get(dataset.address, "html").body.decode("utf-8", "replace")
    found = {urljoin(dataset.address, unescape(each.group())): each.group(1) for each in LINK.finditer(page)}
    if len(found) != 1:
        which = ": " + ", ".join(sorted(found)) if found else ""
        raise PublisherError(dataset.address, f"links to {len(found)} ZIP files of the monitor, not one{which}", LOOK)
    [(address, day)] = found.items()
    if urlsplit(dataset.address).scheme == "https" and urlsplit(address).scheme != "https":
        raise PublisherError(dataset.address, f"links to {address}, which anybody on the way can change", LOOK)
    try:
        return Edition(address, datetime.strptime(day, "%Y_%m_%d").replace(tzinfo=UTC))
    except ValueError:
        raise PublisherError(dataset.address, f"links to a ZIP of a day there is not, {day}", LOOK) from None
