"""Compiles the catalogues, and puts the folders beside the package into the wheel (a hatchling build hook).

It runs at every build, the editable one of the checkout too, so `messages.mo` is never in git and never
missing. By hand, after a change of a catalogue: `make translations`.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = ("templates", "static", "migrations", "selfhelp_modules")


def compile_catalogues(folder: Path) -> list[Path]:
    """Writes `messages.mo` beside each `messages.po` under `folder`; broken catalogues stop the build."""
    made = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3], abort_invalid=True)
        target = source.with_suffix(".mo")
        with target.open("wb") as file:
            write_mo(file, catalogue)
        made.append(target)
    return made


class Hook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic parameter is of no use here
    """Called by hatchling before it gathers files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles; a real wheel also gets the folders as `helpline/_assets/<name>`.

        An editable install must not: the copies would grow old beside the checkout.
        """
        root = Path(self.root)
        compiled = compile_catalogues(root / "translations")
        if version != "editable":
            wanted = [root / name for name in ASSETS] + compiled
            for path in wanted:
                inside = path.relative_to(root).as_posix()
                build_data["force_include"][str(path)] = f"helpline/_assets/{inside}"


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent)
