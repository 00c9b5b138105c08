"""The receipt that lies beside what was dropped: in bokmål and in English, what came of it, and every fault."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pipeline.sources.complaint import Complaint

FAULTS_SHOWN = 1_000
MORE = ("… og {} til", "… and {} more")
Outcome = Literal["accepted", "known", "refused"]
WORDS = {
    "accepted": ("mottatt", "accepted"),
    "known": ("ikke noe nytt", "nothing new"),
    "refused": ("avvist", "refused"),
}
SAYS = {
    "accepted": (
        "Filen er i orden og ligger i arkivet som {}. Den teller fra neste kjøring.",
        "The file is sound and lies in the archive as {}. It counts from the next run.",
    ),
    "known": (
        "Akkurat den samme filen ligger i arkivet fra før, som {}. Ingenting er endret.",
        "The very same file is in the archive already, as {}. Nothing was changed.",
    ),
    "refused": (
        "Ingenting fra filen er tatt inn; det som gjaldt før, gjelder fortsatt. Filen ligger urørt i denne mappen.\n"
        "Rett dette, og legg den i mappen på nytt:",
        "Nothing of the file was taken in; what held before still holds. The file lies in this folder, untouched.\n"
        "Mend this, and put it into the folder again:",
    ),
}


def receipt(name: str, kind: str, now: datetime, outcome: Outcome, stored: str, faults: Iterable[Complaint]) -> str:
    """The whole text. kind: of the delivery, as far as it is known. stored: where in the archive it lies."""
    faults = list(faults)
    return "\n".join(
        [
            *_told(0, ("KVITTERING", "Fil", "Mottatt", "Slag"), name, kind, now, outcome, stored, faults),
            "",
            "-" * 80,
            "",
            *_told(1, ("RECEIPT", "File", "Received", "Kind"), name, kind, now, outcome, stored, faults),
            "",
        ]
    )


def _told(
    language: int,
    heads: tuple[str, str, str, str],
    name: str,
    kind: str,
    now: datetime,
    outcome: Outcome,
    stored: str,
    faults: list[Complaint],
) -> list[str]:
    title, file, received, slot = heads
    return [
        f"{title}: {WORDS[outcome][language]}",
        f"{file}: {name}",
        f"{received}: {now:%Y-%m-%d %H:%M} UTC",
        *([f"{slot}: {kind}"] if kind else []),
        "",
        SAYS[outcome][language].format(stored),
        *(f"{number}. {fault.told(language)}" for number, fault in enumerate(faults[:FAULTS_SHOWN], 1)),
        *([MORE[language].format(len(faults) - FAULTS_SHOWN)] if len(faults) > FAULTS_SHOWN else []),
    ]
