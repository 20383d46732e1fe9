"""A contract for import-linter. Its own wildcards cannot match every module whose name begins with `test_`."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class NoSharedTests(Contract):
    """No test module imports another test module. `ignore_imports`: allowed pairs "importer -> imported"."""

    type_name = "no_shared_tests"
    ignore_imports = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the imports. The metadata of the result lists the forbidden ones, as "importer -> imported"."""
        tests = sorted(module for module in graph.modules if module.rpartition(".")[2].startswith("test_"))
        shared = {
            f"{importer} -> {imported}"
            for importer in tests
            for imported in graph.find_modules_directly_imported_by(importer)
            if imported in tests
        }
        wrong = sorted(shared - set(self.ignore_imports or ()))  # type: ignore[arg-type]  # a field's value is set by the base class
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["wrong"]:
            output.print_error(line)
