"""
Runs the fault matrix and the crash loop, and writes both as tables into docs/resilience.md.

    python -m chaos                  all of it: some ten minutes on an idle machine
    python -m chaos --rounds 4       fewer crashes; 0 leaves them out
    python -m chaos --only faults    one of the two (faults, crashes)
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import structlog

from chaos import crashes, faults, report
from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.warehouse.office import office_of, sign_in


def main() -> int:
    """Returns 1 where something was not survived."""
    options = argparse.ArgumentParser(prog="python -m chaos", description=__doc__.strip().splitlines()[0])
    options.add_argument("--rounds", type=int, default=20, help="crashes, 20 unless told")
    options.add_argument("--seconds", type=float, default=1500, help="no further round of crashes begins after so long")
    options.add_argument("--seed", type=int, default=int(time.time()), help="of the random moments")
    options.add_argument("--only", choices=("faults", "crashes"))
    options.add_argument("--no-write", action="store_true", help="leave docs/resilience.md as it is")
    given = options.parse_args()
    lost = 0
    if given.only != "crashes":
        lost += _faults(write=not given.no_write)
    if given.only != "faults" and given.rounds > 0:
        lost += _crashes(given.rounds, given.seed, given.seconds, write=not given.no_write)
    return 1 if lost else 0


def _faults(*, write: bool) -> int:
    home = Path(tempfile.mkdtemp(prefix="hunter-chaos-"))
    found: list[report.Tried] = []
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    try:
        embedded.start(home)
        with office_of(home, faults.OPTIONS) as office:
            faults.use(office)
            sign_in(office)
            cases = faults.cases()
            for number, case in enumerate(cases, 1):
                seen = faults.run(case, office)
                wrong = faults.complaints(case, seen)
                found.append((case, seen, wrong))
                if wrong:
                    print(f"NOT AS IT MUST BE: {case.name}: {'; '.join(wrong)}", flush=True)
                _progress(f"faults: {number} of {len(cases)}")
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)
    lost = sum(bool(wrong) for *_, wrong in found)
    print(f"\nHTTP faults: {len(found)} tried, {len(found) - lost} survived as the contract says.", flush=True)
    if write:
        report.write("faults", report.of_faults(found))
    return lost


def _crashes(rounds: int, seed: int, seconds: float, *, write: bool) -> int:
    found: list[crashes.Round] = []
    for each in crashes.loop(rounds, seed=seed, seconds=seconds):
        found.append(each)
        outcome = "; ".join(each.wrong) or f"came round in {each.seconds:.0f} s"
        print(f"crash {each.number:>2} of {rounds}: {each.target:<16} {outcome}", flush=True)
    lost = sum(bool(each.wrong) for each in found)
    print(f"Crashes: {len(found)} tried, {len(found) - lost} survived (seed {seed}).", flush=True)
    if write:
        report.write("crashes", report.of_crashes(found, seed))
    return lost


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
