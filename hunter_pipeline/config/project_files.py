"""
Where the files stand that are not Python: `sql/`, `dagster.yaml`, `workspace.yaml`.

In a checkout they are at the top level, in an installed wheel inside the package (see
`force-include` in pyproject.toml).
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def project_file(name: str) -> Path:
    """Path of a file or folder of the project, e.g. 'sql/queries'."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
