"""Write the tables of docs/resilience.md, between their markers."""

from collections import Counter
from pathlib import Path

from chaos.answers import AnswerResult
from chaos.crashes import CrashResult
from chaos.fault_cases import EXIT_CODES, PLACES, REFERRALS, Case
from chaos.faults import Observed

PAGE = Path(__file__).parent.parent / "docs" / "resilience.md"
FaultResult = tuple[Case, Observed, list[str]]


def format_faults(results: list[FaultResult]) -> str:
    """Return a table with one line per fault and one column per place."""
    lines: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for case, observed, wrong in results:
        duration = "permanent" if case.is_permanent else "transient"
        lines.setdefault((case.row, case.what, case.when, duration), {})[case.place] = _cell(case, observed, wrong)
    head = ["kind", "fault", "when", "", *PLACES]
    table = [_line(head), _line(["---"] * len(head))]
    table += [_line([*key, *(cells.get(place, "") for place in PLACES)]) for key, cells in lines.items()]
    passed = sum(not wrong for *_, wrong in results)
    return "\n".join([f"{len(results)} faults injected, {passed} handled as expected.", "", *table])


def _cell(case: Case, observed: Observed, wrong: list[str]) -> str:
    if wrong:
        return "**" + "; ".join(wrong).replace("|", "/") + "**"
    tries = f"{observed.tries} {'try' if observed.tries == 1 else 'tries'}"
    if not case.is_permanent:
        return f"{tries}, complete"
    return f"{tries}, exit {EXIT_CODES[case.error]}, {observed.kept} of {REFERRALS} kept"


def format_crashes(results: list[CrashResult], seed: int) -> str:
    """Return a table with one line per crash."""
    head = [
        "round",
        "killed",
        "during a sync",
        "restarted by hand",
        "recovered after",
        "referrals",
        "outcome",
    ]
    table = [_line(head), _line(["---:", "---", "---", "---", "---:", "---:", "---"])]
    for each in results:
        during_sync = "yes" if each.during_sync else "no"
        outcome = "**" + "; ".join(each.wrong) + "**" if each.wrong else "nothing lost, nothing duplicated"
        seconds = f"{each.seconds:.0f} s"
        cells = [each.number, each.target, during_sync, each.restarted, seconds, each.referrals, outcome]
        table.append(_line([str(cell) for cell in cells]))
    passed = sum(not each.wrong for each in results)
    targets = ", ".join(f"{name} {count}" for name, count in Counter(each.target for each in results).items())
    return "\n".join([f"{len(results)} crashes ({targets}; seed {seed}), recovered from {passed}.", "", *table])


def format_answers(results: list[AnswerResult]) -> str:
    """Return a table with one line per killed sender."""
    head = ["the sender was killed", "request ids recognized", "PATCH requests", "applied", "state", "outcome"]
    table = [_line(head), _line(["---", "---", "---:", "---:", "---", "---"])]
    for each in results:
        outcome = "**" + "; ".join(each.wrong) + "**" if each.wrong else "exactly once"
        cells = [each.moment, "yes" if each.remembers else "no", each.patches, each.applied, each.state, outcome]
        table.append(_line([str(cell) for cell in cells]))
    passed = sum(not each.wrong for each in results)
    return "\n".join([f"{len(results)} senders killed, {passed} answers applied exactly once.", "", *table])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(name: str, text: str) -> None:
    """Replace the text between the markers of that name."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: made by make chaos -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
