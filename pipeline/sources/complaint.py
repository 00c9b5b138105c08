"""A mistake in a file that a person sent, told in bokmål and in English."""

from dataclasses import dataclass

from pipeline.problems import Problem

Both = tuple[str, str]  # in bokmål and in English
WHOLE_FILE = "the whole file"
IN_BOKMAAL = {"row ": "rad ", "column ": "kolonne ", WHOLE_FILE: "hele filen"}


@dataclass(frozen=True)
class Complaint:
    """One mistake: its place, as `Problem` has it, what stood there, as Python writes it, and what could have."""

    place: str
    field: str
    given: str
    allowed: Both

    @classmethod
    def of_problem(cls, problem: Problem) -> "Complaint":
        """Of what a reader says; its own words are English."""
        return cls(problem.place, problem.field, problem.given, (problem.allowed, problem.allowed))

    def problem(self, file: str) -> Problem:
        """The same in English."""
        return Problem(file, self.place, self.field, self.given, self.allowed[1])

    def told(self, language: int) -> str:
        """One line; language 0 is bokmål, 1 English."""
        place = self.place
        for english, bokmaal in IN_BOKMAAL.items() if language == 0 else ():
            place = place.replace(english, bokmaal)
        where = ", ".join(filter(None, (place, self.field)))
        stood, could = (("her står", "her kan stå"), ("given", "allowed"))[language]
        return f"{where}: {stood} {self.given}; {could}: {self.allowed[language]}"
