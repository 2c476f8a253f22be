"""How a command ended, and what a refusal looks like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    error: str

    def refused(self, code: int, *words: str) -> bool:
        """It ended with this code, one line of error that has these words, and no other output."""
        assert self.code == code, self
        assert self.out == "", self
        (line,) = self.error.splitlines()
        assert line.startswith("helpline: "), line
        for word in words:
            assert word in line, line
        return True
