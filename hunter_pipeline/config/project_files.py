"""Find the project's files that are not Python: `sql/`, `dagster.yaml`, `workspace.yaml`."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def project_file(name: str) -> Path:
    """Return the path of a file or folder such as 'sql/queries', in a checkout or in an installed wheel."""
    # pyproject.toml's `force-include` puts the files into the package when a wheel is built
    packaged = _PACKAGE / name
    return packaged if packaged.exists() else _PACKAGE.parent / name
