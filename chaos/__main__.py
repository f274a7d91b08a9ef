"""
Run the fault matrix, the crash loop and the killed senders, and write their results into docs/resilience.md.

    python -m chaos                  everything: about ten minutes on an idle machine
    python -m chaos --rounds 4       fewer crashes; 0 runs none
    python -m chaos --only faults    one of the three (faults, answers, crashes)
"""

import argparse
import sys
import time

import structlog

from chaos import answers, crashes, faults, report
from chaos.fault_cases import all_cases
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.servers import embedded_server
from hunter_pipeline_tests.warehouse.installation import open_installation, sign_in


def main() -> int:
    """Run the suites that the command line selects; return 1 if anything failed."""
    options = argparse.ArgumentParser(prog="python -m chaos", description=__doc__.strip().splitlines()[0])
    options.add_argument("--rounds", type=int, default=20, help="number of crashes, 20 by default")
    options.add_argument("--seconds", type=float, default=1500, help="start no further crash after this time")
    options.add_argument("--seed", type=int, default=int(time.time()), help="seed of the random moments")
    options.add_argument("--only", choices=("faults", "answers", "crashes"))
    options.add_argument("--no-write", action="store_true", help="do not change docs/resilience.md")
    given = options.parse_args()
    failures = 0
    if given.only in (None, "faults"):
        failures += _run_faults(write=not given.no_write)
    if given.only in (None, "answers"):
        failures += _run_answers(write=not given.no_write)
    if given.only in (None, "crashes") and given.rounds > 0:
        failures += _run_crashes(given.rounds, given.seed, given.seconds, write=not given.no_write)
    return 1 if failures else 0


def _run_faults(*, write: bool) -> int:
    results: list[report.FaultResult] = []
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    with embedded_server() as server, open_installation(server, faults.OPTIONS) as installation:
        faults.use(installation)
        sign_in(installation)
        cases = all_cases()
        for number, case in enumerate(cases, 1):
            observed = faults.run(case, installation)
            wrong = faults.differences(case, observed)
            results.append((case, observed, wrong))
            if wrong:
                print(f"FAILED: {case.name}: {'; '.join(wrong)}", flush=True)
            _progress(f"faults: {number} of {len(cases)}")
    failures = sum(bool(wrong) for *_, wrong in results)
    passed = len(results) - failures
    print(f"\nHTTP faults: {len(results)} injected, {passed} handled as expected.", flush=True)
    if write:
        report.write("faults", report.format_faults(results))
    return failures


def _run_answers(*, write: bool) -> int:
    results: list[answers.AnswerResult] = []
    with embedded_server() as server, open_installation(server, SandboxOptions(referrals=1)) as installation:
        faults.use(installation)
        sign_in(installation)
        for result in answers.run(installation):
            results.append(result)
            print(f"answer: killed {result.moment}: {'; '.join(result.wrong) or 'applied once'}", flush=True)
    failures = sum(bool(result.wrong) for result in results)
    print(f"Killed senders: {len(results)}, answers applied once: {len(results) - failures}.", flush=True)
    if write:
        report.write("answers", report.format_answers(results))
    return failures


def _run_crashes(rounds: int, seed: int, seconds: float, *, write: bool) -> int:
    results: list[crashes.CrashResult] = []
    for result in crashes.run(rounds, seed=seed, seconds=seconds):
        results.append(result)
        outcome = "; ".join(result.wrong) or f"recovered in {result.seconds:.0f} s"
        print(f"crash {result.number:>2} of {rounds}: {result.target:<16} {outcome}", flush=True)
    failures = sum(bool(result.wrong) for result in results)
    print(f"Crashes: {len(results)}, recovered from {len(results) - failures} (seed {seed}).", flush=True)
    if write:
        report.write("crashes", report.format_crashes(results, seed))
    return failures


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
