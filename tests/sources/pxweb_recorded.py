"""The recorded answers of PxWeb interfaces."""

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent.parent / "recorded" / "pxweb"


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
