"""Where steps go, always on stderr: bars on a terminal, one JSON line each for machines, or plain text."""

import json
import sys
from datetime import UTC, datetime
from typing import Literal

import typer

from pipeline.progress import Say, Step, run_id

Form = Literal["auto", "bars", "text", "json"]


class Console:
    """Tells steps in one form; `auto` is bars on a terminal and JSON elsewhere."""

    def __init__(self, form: Form = "auto") -> None:
        self.form = form
        self._bars: Bars | None = None

    def say(self, jurisdiction: str) -> Say:
        """For the steps of a jurisdiction; of none in particular where it is empty."""
        return lambda step: self._tell(jurisdiction, step if isinstance(step, Step) else Step(step))

    def complain(self, text: str) -> None:
        """What a person is told at the end: as text, unless JSON was asked for by name."""
        self.stop()
        if self.form == "json":
            text = _json_line("", Step(text, level="error"))
        typer.echo(text, err=True)

    def stop(self) -> None:
        """Ends the bars and gives the terminal back."""
        if self._bars:
            self._bars.stop()
            self._bars = None

    def _tell(self, jurisdiction: str, step: Step) -> None:
        form = self.form if self.form != "auto" else "bars" if sys.stderr.isatty() else "json"
        if form == "bars":
            self._bars = self._bars or Bars()
            self._bars.tell(jurisdiction, step)
        else:
            typer.echo(_json_line(jurisdiction, step) if form == "json" else _line(jurisdiction, step), err=True)


class Bars:
    """One bar for each counted job under way; its last line stays when it is done."""

    def __init__(self) -> None:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        # What is printed beside a bar goes through it; results that go to a file must not.
        self._progress = Progress(
            *columns, console=Terminal(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
        )
        self._tasks: dict[str, int] = {}

    def tell(self, jurisdiction: str, step: Step) -> None:
        """Moves the bar of a counted step; prints any other."""
        name = _line(jurisdiction, Step(step.what))
        if step.total is None or step.done is None:
            self._print(_line(jurisdiction, step))
        elif step.done < step.total:
            self._progress.start()
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name)
            self._progress.update(self._tasks[name], completed=step.done, total=step.total)  # type: ignore[arg-type]
        else:
            if name in self._tasks:
                self._progress.remove_task(self._tasks.pop(name))  # type: ignore[arg-type]
            if not self._tasks:
                self._progress.stop()
            self._print(f"{name}, {step.total} of {step.total}")

    def stop(self) -> None:
        """Ends them all."""
        self._progress.stop()

    def _print(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def _line(jurisdiction: str, step: Step) -> str:
    return f"{jurisdiction}: {step}" if jurisdiction else str(step)


def _json_line(jurisdiction: str, step: Step) -> str:
    """at: in UTC. step: what is being done; message: in words, with how far it is."""
    said: dict[str, str | int | None] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": step.level,
        "run": run_id(),
        "jurisdiction": jurisdiction or None,
        "step": step.what.partition("\n")[0],
        "message": str(step),
    }
    if step.total is not None:
        said |= {"done": step.done, "total": step.total}
    return json.dumps(said, ensure_ascii=False)
