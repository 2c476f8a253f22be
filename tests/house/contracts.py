"""A contract for import-linter: features meet each other at the front door.

The layers (in pyproject.toml) say which feature may know which; this says through which of its files: its
`service`, its `access` (the proof that the caller may touch something), or one of its pure files.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FrontDoor(Contract):
    """Options: `root`, `composition` (modules that put the parts together), `doors`, `open_modules`."""

    type_name = "front_door"

    root = fields.StringField()
    composition = fields.SetField(subfield=fields.StringField())
    doors = fields.SetField(subfield=fields.StringField())
    open_modules = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Every import that enters a feature from outside must name one of its doors."""
        features = {name for name in graph.find_children(self.root) if graph.find_children(name)}
        broken = []
        for feature in sorted(features):
            inside = {feature, *graph.find_descendants(feature)}
            for imported in sorted(inside):
                if imported in self.open_modules or imported.split(".")[-1] in self.doors:
                    continue
                for importer in sorted(graph.find_modules_that_directly_import(imported) - inside):
                    if importer not in self.composition:
                        broken.append(f"{importer} -> {imported}")
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line an import."""
        for line in check.metadata["broken"]:
            output.print_error(line)
