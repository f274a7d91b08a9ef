"""The two tables of docs/resilience.md, between their markers."""

from collections import Counter
from pathlib import Path

from chaos.crashes import Round
from chaos.faults import EXIT_CODES, PLACES, REFERRALS, Case, Observed

PAGE = Path(__file__).parent.parent / "docs" / "resilience.md"
Tried = tuple[Case, Observed, list[str]]


def of_faults(found: list[Tried]) -> str:
    """One line a fault, a column a place."""
    lines: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for case, seen, wrong in found:
        times = "lasting" if case.lasting else "passing"
        lines.setdefault((case.row, case.what, case.when, times), {})[case.place] = _cell(case, seen, wrong)
    head = ["contract's row", "fault", "when", "", *PLACES]
    table = [_line(head), _line(["---"] * len(head))]
    table += [_line([*key, *(cells.get(place, "") for place in PLACES)]) for key, cells in lines.items()]
    survived = sum(not wrong for *_, wrong in found)
    return "\n".join([f"{len(found)} faults tried, {survived} survived as the contract says.", "", *table])


def _cell(case: Case, seen: Observed, wrong: list[str]) -> str:
    if wrong:
        return "**" + "; ".join(wrong).replace("|", "/") + "**"
    tries = f"{seen.tries} {'try' if seen.tries == 1 else 'tries'}"
    if not case.lasting:
        return f"{tries}, complete"
    return f"{tries}, exit {EXIT_CODES[case.error]}, {seen.kept} of {REFERRALS} kept"


def of_crashes(found: list[Round], seed: int) -> str:
    """One line a kill."""
    head = [
        "round",
        "killed",
        "a sync was under way",
        "started again by hand",
        "came round after",
        "referrals",
        "outcome",
    ]
    table = [_line(head), _line(["---:", "---", "---", "---", "---:", "---:", "---"])]
    for each in found:
        under_way = "yes" if each.during_run else "no"
        outcome = "**" + "; ".join(each.wrong) + "**" if each.wrong else "nothing lost, nothing doubled"
        cells = [each.number, each.target, under_way, each.restarted, f"{each.seconds:.0f} s", each.referrals, outcome]
        table.append(_line([str(cell) for cell in cells]))
    survived = sum(not each.wrong for each in found)
    each_target = ", ".join(f"{name} {count}" for name, count in Counter(each.target for each in found).items())
    return "\n".join([f"{len(found)} kills tried ({each_target}; seed {seed}), {survived} survived.", "", *table])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(name: str, text: str) -> None:
    """Replace what stands between the markers of that name."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: made by make chaos -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
